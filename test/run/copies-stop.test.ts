import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ProgressEvent, silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { createTitleJudge } from '../../src/dedupe/title-judge.js';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { runFinetune } from '../../src/pipeline/stages/finetune.js';
import type { StageJob } from '../../src/pipeline/stages/stage.js';
import { describeEnd, planCopiesStop } from '../../src/run/copies-stop.js';
import { madeUpTitles } from '../cli/titles.js';
import { temporaryFolder } from '../model/transformer/fixtures.js';

/** Words that no title of the judge below has. */
const fresh = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `zebra${index} quagga${7 * index} okapi${3 * index} tapir`);

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);

/** As Fisher has it: the chance of `count` or more of `total`, given how many both have. */
function chance(count: number, total: number, heldOut: { count: number; total: number }): number {
  const both = count + heldOut.count;
  let sum = 0;
  for (let k = count; k <= Math.min(both, total); k++)
    if (both - k <= heldOut.total) sum += choose(total, k) * choose(heldOut.total, both - k);
  return sum / choose(total + heldOut.total, both);
}

describe('from how many copies on', () => {
  const titles = madeUpTitles(60);
  const judging = createTitleJudge(titles, { threshold: 0.8 });
  const ahead = { texts: 32, steps: 240, sampleEvery: 100, evaluateEvery: 60 };

  test('is the least number beyond chance at a hundredth, shared out among the samples', async () => {
    const heldOut = [...titles.slice(0, 2), ...fresh(58)];
    const stop = planCopiesStop(await judging, heldOut, ahead);
    // 60, 100, 120, 180, 200 and 240.
    expect(stop).toMatchObject({ looks: 6, texts: 32, heldOut: { count: 2, total: 60 } });
    expect(chance(stop.from, 32, stop.heldOut)).toBeLessThanOrEqual(0.01 / 6);
    expect(chance(stop.from - 1, 32, stop.heldOut)).toBeGreaterThan(0.01 / 6);
  });

  test('a training whose samples are as the held-out titles is stopped once in a hundred at most', async () => {
    const random = createRandom(3, 'samples');
    const judge = await judging;
    const drawn = (count: number): number =>
      Array.from({ length: count }).filter(() => random.integer(20) === 0).length;
    let stopped = 0;
    const byHeldOut = new Map<number, number>();
    for (let training = 0; training < 2000; training++) {
      const count = drawn(60);
      const from =
        byHeldOut.get(count) ??
        planCopiesStop(judge, [...titles.slice(0, count), ...fresh(60 - count)], ahead).from;
      byHeldOut.set(count, from);
      if (Array.from({ length: 6 }, () => drawn(32)).some((copies) => copies >= from)) stopped++;
    }
    expect(stopped / 2000).toBeLessThanOrEqual(0.01);
  });

  test('is refused where all of a sample would not be enough', async () => {
    const judge = await judging;
    const few = { ...ahead, texts: 2 };
    expect(() => planCopiesStop(judge, fresh(12), few)).toThrow(
      /^--stop-when: even 2 copies of 2 would not be beyond chance beside 0 of 12 held-out titles, with 6 samples/,
    );
  });
});

test.each([
  [{ steps: 200, bestStep: 150 }, /The weights of step 150 are kept, those of the lowest held-out loss/],
  [{ steps: 50, bestStep: 50 }, /Its weights are kept, as there are none from before\.$/],
  [{ steps: 50, bestStep: 0 }, /The model is kept as it came/],
])('what is kept is said: %o', (result, kept) => {
  const losses = { initialValidationLoss: 5, bestValidationLoss: 4, finalValidationLoss: 4 };
  const rest = { epochs: 1, parameters: 1, trainedParameters: 1, rowLength: 64 };
  const end = { ...losses, ...rest, ...result, stopReason: 'copies' as const };
  const said = describeEnd({ ...end, endedBy: { samples: 32, copies: 9 } });
  expect(said).toMatch(
    /^stopped at step \d+: 9 of 32 samples are copies \(28\.1%; 95%: 15\.6% to 45\.4%\), more/,
  );
  expect(said).toMatch(kept);
  expect(describeEnd({ ...end, stopReason: 'steps' })).toBeUndefined();
});

test('a training that recites is stopped, and run.json has why', async () => {
  const folder = join(temporaryFolder(), 'run');
  mkdirSync(join(folder, 'dataset'), { recursive: true });
  const titles = madeUpTitles(30);
  const lineOf = (title: string): string => `<|startoftext|>${title}<|endoftext|>\n`;
  writeFileSync(join(folder, 'dataset/train.txt'), titles.map(lineOf).join(''));
  writeFileSync(join(folder, 'dataset/validation.txt'), fresh(12).map(lineOf).join(''));
  const options: RunOptions = {
    ...defaultOptions(),
    ...{ model: 'scratch', width: 48, layers: 2, heads: 2, batchSize: 8, learningRate: 6e-3, warmupSteps: 0 },
    ...{ steps: 400, evaluateEvery: 40, sampleEvery: 40, sampleLength: 30, threads: 1, stopWhen: 'copies' },
  };
  const job: StageJob = {
    ...{ stage: 'finetune', folder, work: folder, preparation: folder, runName: 'run', options, counts: {} },
    decisions: { model: { choice: 'scratch', reason: 'of the test' } },
    ...{ resume: false, beginsWithCheckpoint: false, startOver: false },
  };
  const said: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent): void => void said.push(event);
  const counts = await runFinetune(job, { ...silentContext, onProgress, begin: async () => {} });
  expect(counts).toMatchObject({ stopReason: 'copies', copiesStop: { looks: 10, texts: 32 } });
  expect(counts.steps).toBeLessThan(400);
  expect(counts.bestStep).toBeLessThanOrEqual(counts.steps);
  expect(counts.endedBy!.copies).toBeGreaterThanOrEqual(counts.copiesStop!.from);
  const messages = said.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
  expect(messages).toContainEqual(
    expect.stringMatching(/^training stops from \d+ copies among 32 samples on/),
  );
  expect(messages).toContainEqual(
    expect.stringMatching(/^stopped at step \d+: \d+ of 32 samples are copies/),
  );
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const last = lines.map((line) => JSON.parse(line)).at(-1);
  expect(last).toMatchObject({ step: counts.steps, ...counts.endedBy });
});
