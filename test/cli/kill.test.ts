import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/common/random.js';
import { atMoments, type Moment, runCli, startCli, temporaryFolder } from './run-cli.js';
import { SmallTraining } from './small-training.js';

/** How often the training is killed, and what decides where; a longer run: TITLESMITH_KILLS=40. */
const kills = Number(process.env['TITLESMITH_KILLS'] ?? 6);
const seed = Number(process.env['TITLESMITH_KILL_SEED'] ?? 1);
const steps = 12 + 4 * kills;

const folder = temporaryFolder();

/** Size of a file that was written to after a moment, milliseconds; undefined otherwise: a kill leaves its file behind. */
function sizeOfWritten(path: string, after: number): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && found.mtimeMs > after ? found.size : undefined;
}

const partialFiles = ['optimizer.safetensors.partial', 'model.safetensors.partial'] as const;

/** Most changes of files after which a training is killed that is not killed while it writes: some steps. */
const mostOperations = 60;

/**
 * When a training kills itself: while it writes a temporary file for some time, with some share of its bytes there; or, where
 * no file is given, before any change of any file.
 */
function momentIn(file: (typeof partialFiles)[number] | undefined, random: Random): Moment {
  if (file === undefined) return { signal: 'SIGKILL', operation: 1 + random.integer(mostOperations) };
  const { size } = statSync(join(whole.checkpoint, file.replace('.partial', '')));
  const opening = 1 + random.integer(3);
  return { signal: 'SIGKILL', file, opening, bytes: Math.ceil(random.uniform() * size) };
}

let whole: SmallTraining;
let broken: SmallTraining;
beforeAll(async () => {
  whole = await SmallTraining.prepare(join(folder, 'whole'), steps);
  broken = await SmallTraining.prepare(join(folder, 'broken'), steps);
  const { code, errors } = await runCli(whole.command, folder);
  expect(errors).not.toContain('Error');
  expect(code).toBe(0);
});

test(`a training killed ${kills} times, often while it saves, ends with the bytes of an unbroken one`, async () => {
  const random = createRandom(seed, 'kills');
  const log = [`Kills at moments of seed ${seed}:`];
  const path = broken.unfinished;
  for (let kill = 0; kill < kills; kill++) {
    const after = Date.now();
    const file = [partialFiles[0], undefined, partialFiles[1]][kill % 3];
    const started = startCli(broken.command, folder, atMoments(momentIn(file, random)));
    expect(await started.finished).toMatchObject({ signal: 'SIGKILL' });
    const left = partialFiles.filter((name) => sizeOfWritten(join(path, name), after) !== undefined);
    if (file !== undefined) expect(left).toContain(file);
    const what = left.length > 0 ? `while writing ${left.join(' and ')}` : 'between saves';
    log.push(
      `${kill + 1}: ${what}; the checkpoint opens, at step ${await broken.openCheckpoint()} of ${steps}`,
    );
  }
  console.info(log.join('\n'));

  expect((await runCli(broken.command, folder)).code).toBe(0);
  expect(broken.outcome()).toEqual(whole.outcome());
});
