import { type BrowserRuns, openBrowserRuns, openMemoryRuns } from '../../src/browser/browser-runs.js';
import type { BrowserRun } from '../../src/browser/run/browser-run.js';
import { readTextOf } from '../../src/browser/storage/stored-text.js';
import { sourcesFolder } from '../../src/io/byte-folder.js';
import { blobSource, hashSource } from '../../src/io/byte-source.js';
import { openWebEngine } from '../../src/model/engine/onnxruntime-web/web-engine.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import { answerTasks } from './worker-tasks.js';

/** What became of a run: hashes of its files but for times, its metrics, and what was said. */
export interface TrainedRun {
  /** How the training stood before this call. */
  readonly before: string | undefined;
  readonly files: Readonly<Record<string, string>>;
  readonly metrics: readonly object[];
  readonly notes: readonly string[];
  readonly areKept: boolean;
}

const names = ['config.json', 'model.safetensors', 'vocab.json', 'merges.txt'];
const options = {
  steps: 24,
  batchSize: 4,
  saveEvery: 5,
  evaluateEvery: 8,
  sampleEvery: 24,
  sampleNum: 4,
  length: 12,
};

const fetched = async (name: string): Promise<Blob> => (await fetch(name)).blob();

/** Trains a run of the tiny model from its beginning, or goes on with it; each step is said on the console. */
async function train(run: BrowserRun): Promise<Omit<TrainedRun, 'areKept'>> {
  const engine = await openWebEngine({ device: 'wasm', threads: 1, assets: 'assets' });
  const sources = new Map<string, ReturnType<typeof blobSource>>();
  for (const name of names) sources.set(name, blobSource(name, await fetched(name)));
  const model = await openModelIn(sourcesFolder('tiny', sources));
  const notes: string[] = [];
  const before = run.manifest.stages.finetune?.status;
  if (run.nextStage === 'extract')
    await run.extract({ files: [new File([await fetched('titles.csv')], 'titles.csv')] });
  const device = { engine, reason: 'for a test' };
  await run.finetune({ ...model, name: 'tiny' }, device, {
    onProgress: (event) => {
      if (event.kind === 'progress' && event.label === 'train') console.log(`step ${event.done}`);
      if (event.kind === 'note') notes.push(event.message);
    },
  });
  const files: Record<string, string> = {};
  for (const { path } of await run.files.list())
    if (path !== 'run.json' && path !== 'metrics.jsonl')
      files[path] = await hashSource((await run.files.open(path))!);
  const lines = ((await readTextOf(run.files, 'metrics.jsonl')) ?? '').trimEnd().split('\n');
  const metrics = lines.map((line) => ({ ...JSON.parse(line), tokensPerSecond: 0 }));
  return { before, files, metrics, notes };
}

async function openOrCreate(runs: BrowserRuns): Promise<BrowserRun> {
  const isThere = (await runs.list()).some(({ name }) => name === 'mine');
  return isThere ? runs.open('mine') : runs.create('mine', { ...options, sampleLength: 8 });
}

answerTasks({
  train: async ({ isKept }: { isKept: boolean }): Promise<TrainedRun> => {
    const runs = isKept ? await openBrowserRuns() : openMemoryRuns();
    const run = await openOrCreate(runs);
    const trained = await train(run);
    await run.close();
    return { ...trained, areKept: runs.areKept };
  },
});
