import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { BrowserRuns } from '../../src/browser/browser-runs.js';
import type { BrowserRun } from '../../src/browser/run/browser-run.js';
import { MemoryStore } from '../../src/browser/storage/memory-store.js';
import { readTextOf } from '../../src/browser/storage/stored-text.js';
import { InterruptedError } from '../../src/common/errors.js';
import type { ProgressEvent } from '../../src/common/progress.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { hashSource } from '../../src/io/byte-source.js';
import { fileFolder } from '../../src/io/file-source.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import { failureLine, temporaryFolder } from '../data/sources/helpers.js';
import { nodeEngine, tinyTitles, writeTinyModel } from './tiny-model.js';

const folder = temporaryFolder();
const device = { engine: nodeEngine, reason: 'for a test' };
const options = {
  steps: 6,
  batchSize: 4,
  saveEvery: 2,
  evaluateEvery: 2,
  sampleEvery: 0,
  nsamples: 5,
  length: 8,
};
const files = [new File([tinyTitles(150).join('\n')], 'titles.txt')];

beforeAll(() => writeTinyModel(folder));

const runsIn = (store: MemoryStore): BrowserRuns => new BrowserRuns(store, false, 'for a test');

async function train(run: BrowserRun, stopAfter = Number.POSITIVE_INFINITY, on = device): Promise<string[]> {
  const notes: string[] = [];
  const onProgress = (event: ProgressEvent): void => {
    if (event.kind === 'note') notes.push(event.message);
  };
  const model = await openModelIn(fileFolder(folder));
  const stop = new AbortController();
  const onMetrics = ({ step }: { step: number }): void => {
    if (step >= stopAfter) stop.abort();
  };
  try {
    await run.finetune({ ...model, name: 'tiny' }, on, { onMetrics, onProgress, signal: stop.signal });
    return notes;
  } finally {
    await model.weights.close();
  }
}

async function hashes(run: BrowserRun): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { path } of await run.files.list())
    if (path !== 'run.json' && path !== 'metrics.jsonl')
      found[path] = await hashSource((await run.files.open(path))!);
  return found;
}

async function trainedRun(store = new MemoryStore()): Promise<BrowserRun> {
  const run = await runsIn(store).create('mine', options);
  await run.extract({ files });
  await train(run);
  return run;
}

describe('a run in a browser', () => {
  test('that was stopped goes on when it is opened again, and ends with the same bytes', async () => {
    const store = new MemoryStore();
    const run = await runsIn(store).create('mine', options);
    await run.extract({ files });
    await expect(train(run, 3)).rejects.toThrow(InterruptedError);
    expect(run.manifest.stages.finetune?.status).toBe('interrupted');
    expect((await run.files.list('checkpoint')).length).toBe(0);
    await run.close();
    const opened = await runsIn(store).open('mine');
    expect(opened.nextStage).toBe('finetune');
    await train(opened);
    expect(opened.nextStage).toBe('generate');
    expect(await hashes(opened)).toEqual(await hashes(await trainedRun()));
  });

  test('goes on where it stopped on another device, and says which that is', async () => {
    const card = { engine: Object.create(nodeEngine, { name: { value: 'a card' } }), reason: 'it was there' };
    const run = await runsIn(new MemoryStore()).create('mine', options);
    await run.extract({ files });
    await expect(train(run, 3, card)).rejects.toThrow(InterruptedError);
    expect(run.manifest.stages.finetune?.device).toBe('a card');
    expect(await train(run)).toContain('Resuming training at step 4.');
    expect(run.manifest.stages.finetune?.device).toBe(nodeEngine.name);
    expect(await hashes(run)).toEqual(await hashes(await trainedRun()));
  });

  test('adds titles where there are some, of the options that are given then', async () => {
    const run = await trainedRun();
    await run.generate(device);
    const first = await run.readGenerated();
    expect(await run.generate(device, { nsamples: 3, temperature: 0.5 })).toMatchObject({ generated: 8 });
    const all = await run.readGenerated();
    expect(all.slice(0, 5)).toEqual(first);
    expect(all.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(run.manifest.options['temperature']).not.toBe(0.5);
  });

  test('keeps the texts that were finished when it was stopped, whoever opens it, and adds to them', async () => {
    const store = new MemoryStore();
    const run = await trainedRun(store);
    await run.generate(device);
    expect(await run.keepWritten()).toBeUndefined();
    const stop = new AbortController();
    let written = 0;
    const onText = (): void => {
      written += 1;
      if (written === 7) stop.abort();
    };
    const asked = { nsamples: 40, slots: 4, seed: 3 };
    await expect(run.generate(device, asked, { onText, signal: stop.signal })).rejects.toThrow(
      InterruptedError,
    );
    await run.close();
    const opened = await runsIn(store).open('mine');
    expect(await opened.keepWritten()).toMatchObject({ generated: 5 + written });
    expect(opened.manifest.stages.generate).toMatchObject({ status: 'done' });
    expect((await opened.files.list('next')).length).toBe(0);
    const kept = await opened.readGenerated();
    const whole = await trainedRun();
    await whole.generate(device);
    await whole.generate(device, asked);
    const all = new Map((await whole.readGenerated()).map((text) => [text.index, text]));
    expect(kept).toEqual(kept.map(({ index }) => all.get(index)));
    expect(new Set(kept.map(({ index }) => index)).size).toBe(kept.length);
    await opened.generate(device, { nsamples: 2 });
    const last = kept.at(-1)!.index;
    expect((await opened.readGenerated()).slice(-2).map(({ index }) => index)).toEqual([last + 1, last + 2]);
    const { accepted, rejected } = await opened.dedupe(await readBaseFingerprints());
    expect(accepted + rejected).toBe(5 + written + 2);
  });

  test('stops reading a file that unpacks to far more than its size, whatever it holds', async () => {
    // 64 MiB of line breaks, 200 times.
    const endless = Buffer.concat(Array<Buffer>(200).fill(gzipSync(Buffer.alloc(2 ** 26, '\n'))));
    const run = await runsIn(new MemoryStore()).create('mine', options);
    const stop = new AbortController();
    const reading = run.extract({ files: [new File([endless], 'endless.txt.gz')] }, { signal: stop.signal });
    setTimeout(() => stop.abort());
    await expect(reading).rejects.toThrow(InterruptedError);
    expect((await run.files.list()).map(({ path }) => path)).toEqual(['run.json']);
  });

  test('whose outputs were being put in their places is completed by whoever opens it next', async () => {
    /** A store that dies at its third move, as a tab does that is killed. */
    class DyingStore extends MemoryStore {
      moves = 0;
      override async move(from: string, to: string): Promise<void> {
        this.moves += 1;
        if (this.moves === this.dies) throw new Error('killed');
        return super.move(from, to);
      }
      dies = Number.POSITIVE_INFINITY;
    }
    const store = new DyingStore();
    const run = await runsIn(store).create('mine', options);
    await run.extract({ files });
    store.dies = store.moves + 3;
    await expect(train(run)).rejects.toThrow('killed');
    const opened = await runsIn(store).open('mine');
    expect(opened.manifest.stages.finetune?.status).toBe('done');
    expect(await hashes(opened)).toEqual(await hashes(await trainedRun()));
  });

  test('refuses what is wrong in one line, and nothing of it is touched', async () => {
    const store = new MemoryStore();
    const runs = runsIn(store);
    const refused = (given: object): Promise<string> => failureLine(() => runs.create('mine', given));
    expect(await refused({ steps: 0 })).toMatch(/steps got 0/);
    expect(await refused({ top_k: 3 })).toMatch(/top_k/);
    expect(await refused({ canaries: 3 })).toMatch(/canaries/);
    expect(await failureLine(() => runs.create('../mine'))).toMatch(/name got "\.\.\/mine"/);
    expect(await failureLine(() => runs.open('mine'))).toMatch(/There is no run mine/);
    expect(await store.list()).toEqual([]);
    const run = await runs.create('mine', options);
    expect(await failureLine(() => runs.create('mine', options))).toMatch(/There is a run mine already/);
    expect(await failureLine(() => train(run))).toMatch(/mine has no dataset\/train\.txt yet/);
    const broken = [new File(['title\n"Never closed\n'], 'broken.csv')];
    const line = await failureLine(() => run.extract({ files: broken }));
    expect(line).toMatch(/broken\.csv, line 2 \(record 2\): a quote is opened there/);
    expect(run.manifest.stages.extract).toMatchObject({ status: 'failed' });
    expect((await run.files.list()).map(({ path }) => path)).toEqual(['run.json']);
  });

  test('is not judged by other fingerprints than those that ship, nor read from a damaged record', async () => {
    const store = new MemoryStore();
    const run = await trainedRun(store);
    await run.generate(device);
    expect(await failureLine(() => run.dedupe(Uint8Array.of(1, 2, 3)))).toMatch(/are not those that ship/);
    const { accepted, rejected } = await run.dedupe(await readBaseFingerprints());
    expect(accepted + rejected).toBe(5);
    expect(await readTextOf(run.files, 'rejected.csv')).toContain('text,reason');
    await store.write('mine/run.json', ['{"formatVersion":1}']);
    expect(await failureLine(() => runsIn(store).open('mine'))).toMatch(/mine\/run\.json is damaged/);
    expect(await runsIn(store).list()).toEqual([]);
  });
});
