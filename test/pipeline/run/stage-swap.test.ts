import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultOptions } from '../../../src/options/option-values.js';
import { recordFiles } from '../../../src/pipeline/run/fingerprint.js';
import { RunFolder } from '../../../src/pipeline/run/run-folder.js';
import { beginWork, commitWork, discardUnfinished } from '../../../src/pipeline/run/stage-swap.js';
import type { StageRecord } from '../../../src/run/manifest.js';

let folder: string;
const at = (...parts: string[]): string => join(folder, 'run', ...parts);
const call = { options: defaultOptions(), decisions: {} };
const replaces = ['checkpoint', 'metrics.jsonl', 'samples'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-swap-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function read(root: string): Record<string, string> {
  const names = existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }) : [];
  const files = names.filter(
    (entry) => entry.isFile() && entry.name !== 'run.json' && entry.name !== 'run.lock',
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]));
}

const old = { 'checkpoint/model': 'old', 'checkpoint/old': 'x', 'metrics.jsonl': 'old', 'samples/1': 'old' };
const fresh = { 'checkpoint/model': 'new', 'metrics.jsonl': 'new' };

/** A run whose training is done, and done once more up to where its outputs are put in place. */
async function trainedTwice(): Promise<{ run: RunFolder; record: StageRecord }> {
  const run = await RunFolder.openOrCreate(folder, 'run', false, () => {});
  write(at(), old);
  const record = { startedAt: '', fingerprint: 'f' };
  await beginWork(at(), 'finetune', false);
  await run.beginStage('finetune', { ...record, status: 'running' }, call);
  write(at('next/finetune'), fresh);
  const outputs = await recordFiles(at('next/finetune'), replaces);
  return { run, record: { ...record, status: 'done', outputs } };
}

test('a stage that has succeeded replaces all its outputs, also those it did not write again', async () => {
  const { run, record } = await trainedTwice();
  expect(read(at())).toMatchObject(old);
  await run.finishStage('finetune', { record, call, replaces, startedOver: undefined });
  await run.close();
  expect(read(at())).toEqual(fresh);
  expect(run.manifest.stages.finetune).toEqual(record);
});

describe('a process that was killed', () => {
  test('before its outputs counted leaves the old ones', async () => {
    const { run } = await trainedTwice();
    await run.close();
    const next = await RunFolder.open(at(), () => {});
    await next.close();
    expect(read(at())).toMatchObject(old);
    expect(next.manifest.stages.finetune?.status).toBe('running');
  });

  /** What may have been done of a swap when the process was killed. */
  const moments: readonly [string, () => void][] = [
    ['right after they counted', () => {}],
    ['when an old folder was moved away', () => rmSync(at('checkpoint'), { recursive: true })],
    [
      'when one was in place',
      () => {
        rmSync(at('checkpoint'), { recursive: true });
        cpSync(at('ready/finetune/checkpoint'), at('checkpoint'), { recursive: true });
        rmSync(at('ready/finetune/checkpoint'), { recursive: true });
      },
    ],
    [
      'when all were in place',
      () => {
        for (const path of ['checkpoint', 'samples']) rmSync(at(path), { recursive: true });
        cpSync(at('ready/finetune'), at(), { recursive: true });
        rmSync(at('stage.json'));
        for (const path of ['checkpoint', 'metrics.jsonl'])
          rmSync(at('ready/finetune', path), { recursive: true });
      },
    ],
  ];
  test.each(moments)('%s: the next one to open the run completes the swap', async (_, kill) => {
    const { run, record } = await trainedTwice();
    const changes = { record, options: {}, decisions: {} };
    await commitWork(at(), {
      stage: 'finetune',
      replaces,
      written: Object.keys(record.outputs ?? {}),
      changes,
    });
    kill();
    await run.close();
    const next = await RunFolder.open(at(), () => {});
    await next.close();
    expect(read(at())).toEqual(fresh);
    expect(readdirSync(at()).sort()).toEqual(['checkpoint', 'metrics.jsonl', 'run.json']);
    expect(next.manifest.stages.finetune).toEqual(record);
  });
});

test('what a refused stage prepared is removed, and unfinished work is not', async () => {
  await beginWork(mkdirRun(), 'finetune', false);
  write(at('next/finetune'), { journal: 'half' });
  write(at('next/finetune.preparing'), { tokens: '1' });
  await discardUnfinished(at(), 'finetune');
  expect(read(at())).toEqual({ 'next/finetune/journal': 'half' });
  await discardUnfinished(at(), 'finetune', true);
  expect(readdirSync(at())).toEqual([]);
});

test('what a stage prepared takes the place of what it had in an interrupted one that it goes on with', async () => {
  await beginWork(mkdirRun(), 'finetune', false);
  write(at('next/finetune'), { 'tokens/train': 'old', 'tokens/else': 'old', journal: 'half' });
  write(at('next/finetune.preparing'), { 'tokens/train': 'new' });
  await beginWork(at(), 'finetune', true);
  expect(read(at('next'))).toEqual({ 'finetune/tokens/train': 'new', 'finetune/journal': 'half' });
});

function mkdirRun(): string {
  mkdirSync(at(), { recursive: true });
  return at();
}
