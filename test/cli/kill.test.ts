import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/common/random.js';
import { runCli, type Started, startCli, temporaryFolder } from './run-cli.js';
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
type Moment = (typeof partialFiles)[number] | 'any';

/**
 * Kills a training when a temporary file is seen for some time and holds some share of what it will, or, for `any`, at
 * a moment of no meaning. @returns whether it was killed, rather than done before.
 */
async function killAt(
  { child, finished, outputMatches }: Started,
  { path, moment, after }: { path: string; moment: Moment; after: number },
  random: Random,
): Promise<boolean> {
  let ended = false;
  void finished.finally(() => {
    ended = true;
  });
  await outputMatches(/"stage":"finetune".*"label":"train"/).catch(() => {});
  const sighting = 1 + random.integer(3);
  const share = random.uniform();
  const until = performance.now() + 300 * random.uniform();
  const whole = join(path, moment.replace('.partial', ''));
  let [seen, isThere] = [0, false];
  const isTheMoment = (): boolean => {
    if (moment === 'any') return performance.now() >= until;
    const size = sizeOfWritten(join(path, moment), after);
    if (size !== undefined && !isThere) seen += 1;
    isThere = size !== undefined;
    const enough = share * (statSync(whole, { throwIfNoEntry: false })?.size ?? 0);
    return seen >= sighting && size !== undefined && size >= enough;
  };
  while (!ended && !isTheMoment()) await setImmediate();
  child.kill('SIGKILL');
  return (await finished).signal === 'SIGKILL';
}

let whole: SmallTraining;
let broken: SmallTraining;
beforeAll(async () => {
  whole = await SmallTraining.prepare(join(folder, 'whole'), steps);
  broken = await SmallTraining.prepare(join(folder, 'broken'), steps);
  const { code, errors } = await runCli(whole.command, folder);
  expect(errors).not.toContain('Error');
  expect(code).toBe(0);
}, 300_000);

test(`a training killed ${kills} times, often while it saves, ends with the bytes of an unbroken one`, {
  timeout: 300_000 + 30_000 * kills,
}, async () => {
  const random = createRandom(seed, 'kills');
  const moments: readonly Moment[] = ['optimizer.safetensors.partial', 'any', 'model.safetensors.partial'];
  const during = { 'optimizer.safetensors.partial': 0, 'model.safetensors.partial': 0 };
  const log = [`Kills at moments of seed ${seed}:`];
  const path = broken.checkpoint;
  let killed = 0;
  for (; killed < kills; killed++) {
    const after = Date.now();
    const moment = moments[killed % moments.length]!;
    if (!(await killAt(startCli(broken.command, folder), { path, moment, after }, random))) break;
    const left = partialFiles.filter((name) => sizeOfWritten(join(path, name), after) !== undefined);
    for (const name of left) during[name] += 1;
    const what = left.length > 0 ? `while writing ${left.join(' and ')}` : 'between saves';
    log.push(
      `${killed + 1}: ${what}; the checkpoint opens, at step ${await broken.openCheckpoint()} of ${steps}`,
    );
  }
  console.info(log.join('\n'));
  expect(killed).toBe(kills);
  expect(during['optimizer.safetensors.partial']).toBeGreaterThan(0);
  expect(during['model.safetensors.partial']).toBeGreaterThan(0);

  expect((await runCli(broken.command, folder)).code).toBe(0);
  expect(broken.outcome()).toEqual(whole.outcome());
});
