import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseCommandLine } from '../../../src/cli/parsing/command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-biases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const parsed = (value: string) => parseCommandLine(['generate', 'run', '--logit-bias', value]);

test('biases are read from a file as from the command line', () => {
  const path = written('good.json', '{"198": -100, "50256": 2.5}');
  expect(parsed(`@${path}`)).toEqual(parsed('198=-100,50256=2.5'));
});

test.each([
  ['nosuch.json', undefined, /nosuch\.json: no such file/],
  ['text.json', '198=-100', /--logit-bias @.*text\.json: the file is not JSON/],
  ['list.json', '[198, -100]', /--logit-bias @.*list\.json: the file holds no JSON object/],
  ['null.json', 'null', /holds no JSON object/],
  ['word.json', '{"the": 1}', /--logit-bias got .* is not a list of token ids/],
  ['high.json', '{"5": 101}', /--logit-bias got .* from -100 to 100/],
  ['text-bias.json', '{"5": "1"}', /--logit-bias got .* is not a list of token ids/],
])('%s is refused in one line', (name, content, message) => {
  const path = content === undefined ? join(folder, name) : written(name, content);
  expect(() => parsed(`@${path}`)).toThrow(message);
});

test('a folder, and a file of too many biases, are refused', () => {
  mkdirSync(join(folder, 'biases'));
  expect(() => parsed(`@${join(folder, 'biases')}`)).toThrow(/that is not a file/);
  const path = written('large.json', `{"5": 1}${' '.repeat(4 * 2 ** 20)}`);
  expect(() => parsed(`@${path}`)).toThrow(/larger than 4 MB/);
});
