import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/common/random.js';
import { stageNames } from '../../src/options/choices.js';
import { filesAreUnchanged } from '../../src/pipeline/run/fingerprint.js';
import { readManifest } from '../../src/pipeline/run/manifest-file.js';
import { RunFolder } from '../../src/pipeline/run/run-folder.js';
import { finishedRecord, type Manifest } from '../../src/run/manifest.js';
import { copyRun, holdsTimes, makeTemplate, pipelineOf, treeOf } from './finished-run.js';
import { atMoments, type Moment, runCli, temporaryFolder } from './run-cli.js';

/** How often each command is stopped, and what decides where; a longer trial: TITLESMITH_STOPS=20. */
const stops = Number(process.env['TITLESMITH_STOPS'] ?? 1);
const seed = Number(process.env['TITLESMITH_STOPS_SEED'] ?? 1);

const folder = temporaryFolder();
beforeAll(() => makeTemplate(folder));
afterEach(() => {
  for (const name of readdirSync(join(folder, 'runs'))) {
    if (name !== 'template') rmSync(join(folder, 'runs', name), { recursive: true });
  }
});

/** Calls that change a finished run. */
const commands: Readonly<Record<string, (run: string) => string[]>> = {
  'more steps in the pipeline': (run) => [...pipelineOf(run), '--steps', '12'],
  'other titles in the pipeline': (run) => pipelineOf(run, 'other.csv'),
  'a pipeline that starts over': (run) => [...pipelineOf(run), '--overwrite'],
  'more titles in the pipeline': (run) => [...pipelineOf(run), '--nsamples', '12'],
  'a training of more steps': (run) => ['finetune', join('runs', run), '--steps', '12'],
  'a training that goes on': (run) => [
    'finetune',
    join('runs', run),
    '--restore-from',
    'latest',
    '--steps',
    '6',
  ],
  'a training anew': (run) => ['finetune', join('runs', run), '--restore-from', 'fresh'],
  'more titles': (run) => ['generate', join('runs', run), '--nsamples', '5', '--prefix', 'Who knows'],
  'titles anew': (run) => ['generate', join('runs', run), '--overwrite', '--seed', '7'],
  'another threshold': (run) => ['dedupe', join('runs', run), '--similarity-threshold', '0.95'],
  'a report anew': (run) => ['report', join('runs', run), '--overwrite'],
};

const kinds: readonly ((random: Random) => Moment)[] = [
  (random) => ({ signal: 'SIGKILL', operation: 1 + random.integer(60) }),
  (random) => ({ signal: 'SIGKILL', thread: 'main', operation: 1 + random.integer(60) }),
  (random) => ({ signal: 'SIGINT', operation: 1 + random.integer(30) }),
  (random) => ({ signal: 'SIGTERM', thread: 'main', operation: 1 + random.integer(30) }),
  (random) => ({ error: 'ENOSPC', operation: 1 + random.integer(60) }),
  (random) => ({ error: 'ENOSPC', thread: 'main', operation: 1 + random.integer(40) }),
  (random) => ({ error: 'EIO', operation: 1 + random.integer(60) }),
];

/** Opens a run as the next command does, which completes what a killed one had decided on. */
async function openAndClose(run: string): Promise<Manifest> {
  const opened = await RunFolder.open(join(folder, 'runs', run), () => {});
  await opened.close();
  return opened.manifest;
}

async function expectWhole(run: string, manifest: Manifest): Promise<void> {
  for (const stage of stageNames) {
    const { outputs } = finishedRecord(manifest, stage) ?? {};
    expect(outputs, `${stage} was done, and is no longer`).toBeDefined();
    expect(await filesAreUnchanged(join(folder, 'runs', run), outputs ?? {}), `${stage} is not whole`).toBe(
      true,
    );
  }
}

test('a new run that is killed as it begins is taken up again by the same command', async () => {
  const words = (run: string): string[] => [...pipelineOf(run), '--until', 'dataset'];
  expect((await runCli(words('whole'), folder)).code).toBe(0);
  // A longer trial takes every one of the first operations.
  const step = stops > 1 ? 1 : 3;
  for (let operation = 2; operation <= 12; operation += step) {
    const run = `new-${operation}`;
    const moment = { signal: 'SIGKILL', thread: 'main', operation } as const;
    const stopped = await runCli(words(run), folder, atMoments(moment));
    expect(stopped.signal, `operation ${operation}`).toBe('SIGKILL');
    const again = await runCli(words(run), folder);
    expect(again.code, `operation ${operation}\n${again.errors}`).toBe(0);
    expect(lasting(run)).toEqual(lasting('whole'));
  }
});

test('a disk that is full before a stage has begun leaves nothing behind', async () => {
  const before = treeOf(join(folder, copyRun(folder, 'full')));
  // A longer trial takes every one of the first operations.
  for (const operation of stops > 1 ? [1, 2, 3, 4, 5, 6] : [1, 3, 4]) {
    const moment = { error: 'ENOSPC', thread: 'main', operation } as const;
    const failed = await runCli(['report', 'runs/full', '--overwrite'], folder, atMoments(moment));
    expect(failed.code, `operation ${operation}`).toBe(1);
    expect(failed.errors).toMatch(/^Error: Cannot .*: no space left on the device\./m);
    expect(treeOf(join(folder, 'runs/full')), `operation ${operation}`).toEqual(before);
  }
});

const lasting = (run: string): Record<string, string> => treeOf(join(folder, 'runs', run), holdsTimes);

test.each(Object.entries(commands))(
  `%s, stopped ${stops} times, loses nothing that was done and ends in the bytes of an unstopped run`,
  async (name, words) => {
    copyRun(folder, 'whole');
    const unstopped = await runCli(words('whole'), folder);
    expect(unstopped.code, unstopped.errors).toBe(0);
    const random = createRandom(seed, 'stops', name);
    const first = random.integer(kinds.length);
    for (let stop = 0; stop < stops; stop++) {
      const run = `stopped-${stop}`;
      copyRun(folder, run);
      const moment = kinds[(first + stop) % kinds.length]!(random);
      const where = `${name}: ${JSON.stringify(moment)}`;
      const before = await readManifest(join(folder, 'runs', run));
      const stopped = await runCli([...words(run), '--json'], folder, atMoments(moment));
      expect(stopped.errors, where).not.toMatch(/^\s+at /m);
      // Whoever is killed leaves the lock, by which the same command knows what it had added.
      const leavesLock = words(run)[0] === 'generate' && existsSync(join(folder, 'runs', run, 'run.lock'));
      let isAdded = false;
      if (!leavesLock) {
        const manifest = await openAndClose(run);
        await expectWhole(run, manifest);
        const texts = (of: Manifest | undefined): number => of?.stages.generate?.requests?.length ?? 0;
        // Asked again for more titles, a run that got them before it was stopped would get still more.
        isAdded = words(run)[0] === 'generate' && texts(manifest) > texts(before);
      }
      if (!isAdded) {
        const again = await runCli(words(run), folder);
        expect(again.code, `${where}\n${again.errors}`).toBe(0);
      }
      expect(lasting(run), where).toEqual(lasting('whole'));
      for (const rest of ['next', 'ready', 'run.lock'])
        expect(existsSync(join(folder, 'runs', run, rest)), `${where}: ${rest}`).toBe(false);
      rmSync(join(folder, 'runs', run), { recursive: true });
    }
  },
);
