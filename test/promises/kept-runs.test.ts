import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BrowserRuns } from '../../src/browser/browser-runs.js';
import { MemoryStore } from '../../src/browser/storage/memory-store.js';
import { readBytesOf } from '../../src/browser/storage/stored-text.js';
import { collect } from '../../src/common/collect.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { fileFolder } from '../../src/io/file-source.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import { nodeEngine } from '../browser/tiny-model.js';
import { recordedFiles, recordedPath, unpackRecorded } from './recorded-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const device = { engine: nodeEngine, reason: 'for a test' };

/** The runs of an origin, as a page of 1.0 left them in its file system. */
async function keptRuns(
  change = (text: string): string => text,
): Promise<{ runs: BrowserRuns; store: MemoryStore }> {
  const store = new MemoryStore();
  for (const [path, content] of await recordedFiles('kept')) {
    const isManifest = path === 'kept/learning/run.json';
    await store.write(path.replace(/^kept\//, ''), [isManifest ? change(content.toString()) : content]);
  }
  return { runs: new BrowserRuns(store, true, 'as 1.0 kept them'), store };
}

test('a run that a page of 1.0 kept, stopped in its training, is opened and gone on with to its end', async () => {
  const { runs } = await keptRuns();
  expect((await runs.list()).map(({ name }) => name)).toEqual(['learning']);
  const run = await runs.open('learning');
  expect(run.nextStage).toBe('finetune');
  await unpackRecorded('finished', folder);
  const model = await openModelIn(fileFolder(join(folder, 'finished/checkpoint')));
  const steps: number[] = [];
  await run.finetune({ ...model, name: 'recorded' }, device, { onMetrics: ({ step }) => steps.push(step) });
  await model.weights.close();
  // It was stopped at step 6 of 12.
  expect(steps[0]).toBeGreaterThan(6);
  await run.generate(device);
  const { accepted, rejected } = await run.dedupe(await readBaseFingerprints());
  expect(accepted + rejected).toBe(6);
  expect(run.nextStage).toBe('report');
  await run.close();
});

test('an archive that a browser packed with 1.0 is imported', async () => {
  const store = new MemoryStore();
  const runs = new BrowserRuns(store, false, 'for a test');
  const content = new Blob([readFileSync(recordedPath('browser'))]);
  const run = await runs.import({ name: 'browser.tar.gz', content });
  expect([run.name, run.nextStage]).toEqual(['whole', 'report']);
  const { figures } = await run.report({ styles: '', script: '' });
  expect(figures.overfit.verdict).toBe('unknown');
});

test('a run of a newer page is left alone by an older one', async () => {
  const { runs, store } = await keptRuns((text) => text.replace('"formatVersion": 1', '"formatVersion": 2'));
  const state = async (): Promise<string[]> => {
    const files = await store.list();
    return Promise.all(
      files.map(
        async ({ path }) =>
          `${path} ${Buffer.concat(await collect(readBytesOf(store, path))).toString('base64')}`,
      ),
    );
  };
  const before = await state();
  expect(await runs.list()).toEqual([]);
  await expect(runs.open('learning')).rejects.toMatchObject({ code: 'manifest-newer' });
  await expect(runs.create('learning')).rejects.toMatchObject({ code: 'usage' });
  expect(await state()).toEqual(before);
});
