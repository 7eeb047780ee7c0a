import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { readTrainedCondition, writeTrainedCondition } from '../../src/data/trained-condition.js';
import { packageRoot } from '../../src/io/package-root.js';
import { openModel } from '../../src/model/weights/resolve-model.js';
import { runCli, temporaryFolder } from '../cli/run-cli.js';
import { fixtureFolder } from '../model/transformer/fixtures.js';
import { findProgram } from '../programs.js';

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

test('the image is made of files that are there', () => {
  const sources = copiedBy(steps);
  const own = sources.filter((source) => !source.startsWith('$'));
  expect(own.length).toBeGreaterThan(3);
  expect(own.filter((source) => !existsSync(join(packageRoot, source)))).toEqual([]);
});

/** What the steps take of a run: of a pattern what it matches, which may be nothing, of other names what has to be there. */
function takenOf(run: string): string[] {
  const ofRun = /^\$\{RUN\}\//;
  const sources = copiedBy(steps).filter((source) => ofRun.test(source));
  return sources.flatMap((source) => {
    const path = join(run, source.replace(ofRun, ''));
    if (!/[*[]/.test(source)) return [path];
    const pattern = new RegExp(`^${basename(path).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
    return readdirSync(dirname(path))
      .filter((name) => pattern.test(name))
      .map((name) => join(dirname(path), name));
  });
}

test.each([
  ["GPT-2's tokenizer", fixtureFolder('float32')],
  ['another in tokenizer.json', fixtureFolder('added')],
])('it takes one checkpoint without its optimizer, and all that is read of it: with %s', async (_, model) => {
  const run = temporaryFolder();
  const checkpoint = join(run, 'checkpoint');
  cpSync(model, checkpoint, { recursive: true });
  const condition = { names: ['subreddit'] as const, share: 1, subreddits: ['aww'], keptOut: [] };
  await writeTrainedCondition(checkpoint, condition);
  for (const name of [
    'run.json',
    'canaries.json',
    'checkpoint/optimizer.safetensors',
    'checkpoint/training.json',
  ])
    writeFileSync(join(run, name), '{}');
  mkdirSync(join(run, 'dataset'));
  const image = temporaryFolder();
  for (const path of takenOf(run)) cpSync(path, join(image, relative(run, path)), { recursive: true });
  expect(readdirSync(image).sort()).toEqual(['canaries.json', 'checkpoint', 'dataset', 'run.json']);
  const copied = join(image, 'checkpoint');
  expect(existsSync(join(copied, 'optimizer.safetensors'))).toBe(false);
  expect(await readTrainedCondition(copied)).toEqual(condition);
  const [own, other] = [await openModel(checkpoint), await openModel(copied)];
  for (const { weights } of [own, other]) await weights.close();
  expect(other.source.hash).toBe(own.source.hash);
});

test('it runs without rights on a small base, and its command is one the program knows', async () => {
  expect(last('USER')).toEqual(['1000:1000']);
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
    (name) =>
      existsSync(join(packageRoot, name)) && !/README|LICENSE|CHANGELOG|CONTRIBUTING|^docs/.test(name),
  );
  expect(copied).toEqual(expect.arrayContaining([...needed, 'node_modules', 'package.json']));
  const missing = copiedBy(batch).filter((source) => !existsSync(join(packageRoot, source)));
  expect(missing).toEqual([]);
  const trimmed = batch.find((words) => words.includes('trim-modules.mjs') && words[0] === 'RUN')!;
  expect(trimmed.slice(trimmed.indexOf('node_modules') + 1)).toEqual(['linux', 'x64']);
});

const hadolint = findProgram('hadolint', 'TITLESMITH_HADOLINT');
if (hadolint === undefined)
  console.log('Skipped: deploy/ by hadolint, which is not here; .ci/install-test-tools installs it.');

test.skipIf(hadolint === undefined)('the Dockerfiles have no fault that hadolint knows', () => {
  // What it merely mentions (several RUN in a stage that is thrown away) is left as it reads best.
  const words = [
    '--failure-threshold',
    'warning',
    '--no-color',
    'deploy/Dockerfile',
    'deploy/batch/Dockerfile',
  ];
  const { status, stdout, stderr } = spawnSync(hadolint!, words, { cwd: packageRoot, encoding: 'utf8' });
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
  // It reads them at all.
  const bad = spawnSync(hadolint!, [...words.slice(0, 3), '-'], {
    input: 'FROM node:latest\n',
    encoding: 'utf8',
  });
  expect(bad.stdout).toContain('DL3007');
  expect(bad.status).toBe(1);
});
