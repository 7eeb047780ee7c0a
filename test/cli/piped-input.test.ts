import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { shellWord } from '../programs.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-piped-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const titles = Array.from({ length: 40 }, (_, index) => `A title of number ${index}`);
const csv = ['title', ...titles].join('\n');

/** The titles extracted from what is piped into the command in a shell, where `TITLESMITH` stands for its program. */
function extracted(command: string, name: string, input: string | Uint8Array): readonly string[] {
  const program = [process.execPath, join(packageRoot, 'dist', 'cli.js')].map(shellWord).join(' ');
  const options = `pipeline --runs-dir runs --run-name ${name} --until extract`;
  const temporary = mkdtempSync(join(folder, 'temporary-'));
  execFileSync('bash', ['-c', command.replace('TITLESMITH', () => `${program} ${options}`)], {
    cwd: folder,
    input,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // The copy of the pipe is gone with the process.
  expect(readdirSync(temporary)).toEqual([]);
  return readFileSync(join(folder, 'runs', name, 'titles.csv'), 'utf8')
    .trim()
    .split('\r\n')
    .slice(1);
}

test.each<[string, string, string | Uint8Array]>([
  ['hyphen', 'cat | TITLESMITH --input -', csv],
  ['equals', 'cat | TITLESMITH --input=-', csv],
  ['device', 'cat | TITLESMITH --input /dev/stdin', csv],
  ['gzip', 'cat | TITLESMITH --input -', gzipSync(csv)],
  ['json', 'cat | TITLESMITH --input -', titles.map((title) => JSON.stringify({ title })).join('\n')],
  ['process', 'TITLESMITH --input <(cat)', csv],
])('titles come by a pipe: %s', (name, command, input) => {
  expect(extracted(command, name, input)).toEqual(titles);
});

test('standard input that is a file is read from it', () => {
  writeFileSync(join(folder, 'a.csv'), csv);
  expect(extracted('TITLESMITH --input - < a.csv', 'file', '')).toEqual(titles);
});

test('standard input is one of several', () => {
  writeFileSync(join(folder, 'first.csv'), 'title\nOne title before all others');
  const all = extracted('cat | TITLESMITH --input first.csv -', 'several', csv);
  expect(all).toEqual(['One title before all others', ...titles]);
});

test.each<[string, string | Uint8Array, string]>([
  ['an empty one', '', 'it is empty.'],
  ['a binary one', Uint8Array.from({ length: 400 }, (_, index) => (index * 37) % 7), 'it is a binary file.'],
  ['one cut short', gzipSync(csv).subarray(0, 60), 'it is cut short.'],
])(
  'what is wrong is said of standard input, not of a copy that people know nothing of: %s',
  (_, input, why) => {
    const options = { cwd: folder, input, encoding: 'utf8' } as const;
    const words = [join(packageRoot, 'dist', 'cli.js'), 'pipeline', '--input', '-', '--run-name', 'refused'];
    const { status, stderr } = spawnSync(process.execPath, words, options);
    expect(stderr.trim().split('\n').at(-1)).toContain(`Error: Cannot read standard input: ${why}`);
    expect(status).toBe(1);
  },
);
