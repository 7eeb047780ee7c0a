import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { runCli, temporaryFolder } from '../cli/run-cli.js';

const folder = temporaryFolder();

function readSteps(file: string): string[][] {
  return readFileSync(join(packageRoot, file), 'utf8')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));
}

/** What is copied from the repository. */
function copiedBy(steps: readonly string[][]): string[] {
  const copied = steps.filter(([step, source]) => step === 'COPY' && !source?.startsWith('--from='));
  return copied.flatMap((words) => words.slice(1, -1));
}

const steps = readSteps('deploy/Dockerfile');

function last(name: string): readonly string[] {
  return steps.findLast(([step]) => step === name)?.slice(1) ?? [];
}

test('the image is made of files that are there, and of one checkpoint without its optimizer', () => {
  const sources = copiedBy(steps);
  const own = sources.filter((source) => !source.startsWith('$'));
  expect(own.length).toBeGreaterThan(3);
  expect(own.filter((source) => !existsSync(join(packageRoot, source)))).toEqual([]);
  const ofRun = sources
    .filter((source) => source.startsWith('$'))
    .map((source) => source.split('/').slice(1).join('/'));
  const model = ['config.json', 'vocab.json', 'merges.txt', 'model.safetensors'];
  expect(ofRun).toEqual(['run.json', 'dataset', ...model.map((name) => `checkpoint/${name}`)]);
});

test('it runs without rights on a small base, and its command is one the program knows', async () => {
  expect(last('USER')).toEqual(['node']);
  expect(last('FROM')).toEqual(['node:20-slim']);
  const command = JSON.parse(last('ENTRYPOINT').join(' ')) as string[];
  expect(command.slice(0, 3)).toEqual(['node', 'dist/cli.js', 'serve']);
  const { output } = await runCli(['serve', '--help'], folder);
  const service = readFileSync(join(packageRoot, 'deploy/cloud-run/service.yaml'), 'utf8');
  const flags = [...service.matchAll(/"(--[a-z-]+)"/g)].map(([, flag]) => flag!);
  expect(flags.length).toBeGreaterThan(0);
  for (const flag of [...flags, ...command.filter((word) => word.startsWith('--'))])
    expect(output).toContain(flag);
  expect([...service.matchAll(/path: (\S+)/g)].map(([, path]) => path)).toEqual(['/health', '/health/live']);
});

test('the image for batches holds what the package does, and all that any command loads', () => {
  const batch = readSteps('deploy/batch/Dockerfile');
  const image = batch.slice(batch.findLastIndex(([step]) => step === 'FROM'));
  const { files } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    files: string[];
  };
  const copied = image.filter(([step]) => step === 'COPY').map((words) => basename(words.at(-2)!));
  const needed = files.filter(
    (name) => existsSync(join(packageRoot, name)) && !/README|LICENSE|^docs/.test(name),
  );
  expect(copied).toEqual(expect.arrayContaining([...needed, 'node_modules', 'package.json']));
  const missing = copiedBy(batch).filter((source) => !existsSync(join(packageRoot, source)));
  expect(missing).toEqual([]);
  const trimmed = batch.find((words) => words.includes('trim-modules.mjs') && words[0] === 'RUN')!;
  expect(trimmed.slice(trimmed.indexOf('node_modules') + 1)).toEqual(['linux', 'x64']);
});
