import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseModelName } from '../../../src/model/weights/model-name.js';
import { temporaryFolder } from '../transformer/fixtures.js';

const hub = (repository: string, revision = 'main') => ({ kind: 'hub', repository, revision });

describe('a model is named by', () => {
  test.each([
    ['124M', hub('openai-community/gpt2')],
    ['355M', hub('openai-community/gpt2-medium')],
    ['774M', hub('openai-community/gpt2-large')],
    ['1558M', hub('openai-community/gpt2-xl')],
    ['distil', hub('distilbert/distilgpt2')],
    ['smollm2', hub('HuggingFaceTB/SmolLM2-135M')],
    ['smollm2-360M', hub('HuggingFaceTB/SmolLM2-360M')],
    ['gpt2', hub('openai-community/gpt2')],
    ['some-one/Tiny_GPT2.v1', hub('some-one/Tiny_GPT2.v1')],
    ['someone/tiny@v1.0', hub('someone/tiny', 'v1.0')],
    ['someone/tiny@refs/pr/1', hub('someone/tiny', 'refs/pr/1')],
  ])('%s', (name, expected) => {
    expect(parseModelName(name)).toEqual(expected);
  });

  test('a folder', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'my/model'), { recursive: true });
    const path = join(folder, 'my/model');
    expect(parseModelName(path)).toEqual({ kind: 'folder', path });
  });
});

test.each([
  'nosuch',
  '124m',
  'a/b/c',
  'a/..',
  '../../x@y',
  'a/b@../../c',
  'a/b@',
  'a b/c',
  '',
  'a/b@c d',
  'a/b?c',
])('%j is no name of a model', (name) => {
  expect(() => parseModelName(name)).toThrow(/no known model, no folder|There is no folder/);
});

test.each(['auto', 'nano', 'scratch'])('%s is a name that only a training takes', (name) => {
  expect(() => parseModelName(name)).toThrow(
    `"${name}" names no model that is there, but one that a training makes.`,
  );
});

test.each(['./nosuch', '/nosuch/folder', '../nosuch', '~/nosuch', 'nosuch/', 'C:\\nosuch'])(
  '%j is a folder that is not there',
  (name) => {
    expect(() => parseModelName(name)).toThrow(/There is no folder/);
  },
);
