import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { exportRun } from '../src/archive/export-run.js';
import { BrowserRuns } from '../src/browser/browser-runs.js';
import type { BrowserRun } from '../src/browser/run/browser-run.js';
import { MemoryStore } from '../src/browser/storage/memory-store.js';
import { readBytesOf } from '../src/browser/storage/stored-text.js';
import { InterruptedError, TitlesmithError, usageError } from '../src/common/errors.js';
import { writeChunksAtomic, writeFileAtomic } from '../src/io/atomic-file.js';
import { readBaseFingerprints } from '../src/io/base-fingerprints.js';
import { fileFolder } from '../src/io/file-source.js';
import { makeFolder } from '../src/io/folders.js';
import { packageRoot } from '../src/io/package-root.js';
import { type TarFile, writeTar } from '../src/io/tar.js';
import { createOnnxRuntimeEngine } from '../src/model/engine/onnxruntime/cpu-engine.js';
import { openModelIn } from '../src/model/weights/folder-model.js';
import { openReview } from '../src/pipeline/open-review.js';
import { startReview } from '../src/review/server.js';

/** A model of 3,000 parameters, on titles of the bundled sample, which a program made up. */
const titles = '--source sample --subreddit askreddit showerthoughts --limit 24 --condition subreddit';
const shape = '--model scratch --width 8 --layers 1 --heads 1 --context-length 64 --vocabulary-size 280';
const training = '--device cpu --batch-size 1 --learning-rate 3e-2 --save-every 2 --evaluate-every 4';
const samples = '--sample-every 20 --sample-num 2 --sample-length 8 --nsamples 8 --length 12';
const common = [titles, shape, training, samples].join(' ').split(' ');

/** Runs the built command line; sends SIGINT once it has said that so many steps are done. @returns its exit code. */
async function titlesmith(words: readonly string[], cwd: string, stopAfter?: number): Promise<unknown> {
  const entry = join(packageRoot, 'dist/cli.js');
  const child = spawn(process.execPath, [entry, ...words, '--json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    const { stage, done } = JSON.parse(line) as { readonly stage?: string; readonly done?: number };
    if (stage === 'finetune' && stopAfter !== undefined && (done ?? 0) >= stopAfter) child.kill('SIGINT');
  }
  return (await ended)[0];
}

async function expectCode(code: unknown, wanted: number): Promise<void> {
  if (code !== wanted)
    throw new TitlesmithError(`titlesmith ended with ${code}, not ${wanted}.`, { code: 'recorded-runs' });
}

/** A person's decisions on the first two outputs of a run: one is refused, the other was seen. */
async function decide(folder: string): Promise<void> {
  const run = await openReview(folder);
  const server = await startReview(run);
  try {
    for (const [index, decision] of ['refuse', 'seen'].entries()) {
      const answer = await fetch(new URL('decisions', server.url), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ index, decision, seen: 0, window: 'recorded' }),
      });
      if (!answer.ok) throw new TitlesmithError(await answer.text(), { code: 'recorded-runs' });
    }
  } finally {
    await server.close();
    await run.close();
  }
}

/** Trains a run of a browser from the model of another run. @param stopAfter step after which it is stopped. */
async function learn(
  run: BrowserRun,
  checkpoint: string,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<void> {
  const model = await openModelIn(fileFolder(checkpoint));
  const stop = new AbortController();
  const onMetrics = ({ step }: { readonly step: number }): void => {
    if (step >= stopAfter) stop.abort();
  };
  const device = { engine: createOnnxRuntimeEngine({ threads: 1 }), reason: 'recorded on Node' };
  const context = { onMetrics, signal: stop.signal };
  await run.finetune({ ...model, name: 'recorded' }, device, context).catch((error: unknown) => {
    if (!(error instanceof InterruptedError) || !stop.signal.aborted) throw error;
  });
  await model.weights.close();
  if (stop.signal.aborted) return;
  await run.generate(device);
  await run.dedupe(await readBaseFingerprints());
}

async function* filesBelow(folder: string, prefix: string): AsyncGenerator<TarFile> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    const content = await readFile(path);
    const name = `${prefix}/${path.slice(folder.length + 1).replaceAll('\\', '/')}`;
    yield { name, size: content.length, content: [content] };
  }
}

async function* filesOf(store: MemoryStore, prefix: string): AsyncGenerator<TarFile> {
  for (const { path, bytes } of await store.list())
    yield { name: `${prefix}/${path}`, size: bytes, content: readBytesOf(store, path) };
}

/**
 * `npm run tool -- recorded-runs --to test/promises/1.0`: makes what later versions must go on reading: a finished run, archived by
 * "export"; a run whose training was stopped, and what the site keeps of one, as they lie; a run archived in a browser.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { to: { type: 'string' } } });
  if (values.to === undefined) throw usageError('recorded-runs needs --to FOLDER.');
  const target = resolve(values.to);
  await makeFolder(target);
  const folder = await mkdtemp(join(tmpdir(), 'titlesmith-recorded-'));
  try {
    const pipeline = (name: string, steps: number): string[] => [
      ...['pipeline', '--runs-dir', '.', '--run-name', name, '--steps', String(steps)],
      ...common,
    ];
    await expectCode(await titlesmith(pipeline('finished', 120), folder), 0);
    const finished = join(folder, 'finished');
    await decide(finished);
    await expectCode(await titlesmith(['prune', finished], folder), 0);
    await exportRun(finished, join(target, 'finished.tar.gz'), {}, { overwrite: true });
    await expectCode(await titlesmith(pipeline('stopped', 40), folder, 12), 130);

    const checkpoint = join(finished, 'checkpoint');
    const texts = (await readFile(join(finished, 'titles.csv'), 'utf8')).split('\r\n').slice(1);
    const files = [new File([texts.map((line) => line.replace(/,\w+$/, '')).join('\n')], 'titles.txt')];
    const options = {
      steps: 12,
      batchSize: 1,
      saveEvery: 2,
      evaluateEvery: 4,
      sampleEvery: 0,
      nsamples: 6,
      length: 12,
    };
    const store = new MemoryStore();
    const runs = new BrowserRuns(store, false, 'recorded on Node');
    const whole = await runs.create('whole', options);
    await whole.extract({ files });
    await learn(whole, checkpoint);
    const archive = await whole.pack();
    await writeFileAtomic(join(target, 'browser.tar.gz'), new Uint8Array(await archive.arrayBuffer()));
    await whole.close();
    await runs.remove('whole');
    const stopped = await runs.create('learning', options);
    await stopped.extract({ files });
    await learn(stopped, checkpoint, 6);
    await stopped.close();

    for (const [name, content] of [
      ['stopped', filesBelow(join(folder, 'stopped'), 'stopped')],
      ['kept', filesOf(store, 'kept')],
    ] as const) {
      const path = join(target, `${name}.tar.gz`);
      await writeChunksAtomic(path, Readable.from(writeTar(content)).pipe(createGzip({ level: 9 })));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`Wrote ${target}`);
}
