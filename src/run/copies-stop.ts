import { TitlesmithError } from '../common/errors.js';
import { formatCount, pluralize } from '../common/number-formats.js';
import type { CopiesStop } from '../common/stage-counts.js';
import type { TitleJudge } from '../dedupe/title-judge.js';
import { fewestSignificant } from '../dedupe/verdict/proportions.js';
import type { TrainingResult } from '../model/training/training-loop.js';
import { isSampled } from '../model/training/training-plan.js';
import { describeCopies } from './training-samples.js';

/** The chance that a training is stopped, at any of its samples, whose samples hold copies as held-out titles do. */
const falseAlarms = 0.01;

interface SamplesAhead {
  /** Texts of a sample. */
  readonly texts: number;
  readonly steps: number;
  readonly sampleEvery: number;
  readonly evaluateEvery: number;
}

/**
 * From how many copies in a sample on training stops: at so many, Fisher's exact test says that they are more frequent than
 * among the held-out titles. Its level is shared out evenly among the samples planned (Bonferroni), which holds however they
 * depend on each other: they are drawn with the same random numbers.
 * @throws TitlesmithError `sample-too-small` where even copies alone would not be beyond chance.
 */
export function planCopiesStop(
  judge: TitleJudge,
  heldOutTitles: readonly string[],
  { texts, steps, ...measuring }: SamplesAhead,
): CopiesStop {
  let looks = 0;
  for (let step = 1; step <= steps; step++)
    if (isSampled(step, { ...measuring, steps, isSampledToKeep: true })) looks++;
  const total = heldOutTitles.length;
  const heldOut = { count: heldOutTitles.filter((title) => judge.judge(title).copied).length, total };
  const from = fewestSignificant(texts, heldOut, falseAlarms / looks);
  if (from !== undefined) return { from, texts, looks, heldOut };
  throw new TitlesmithError(
    `--stop-when: even ${formatCount(texts)} copies of ${formatCount(texts)} would not be beyond chance beside ` +
      `${formatCount(heldOut.count)} of ${pluralize(total, 'held-out title')}, with ${pluralize(looks, 'sample')} planned.`,
    { code: 'sample-too-small', hint: 'Give a larger --sample-num, or more titles.' },
  );
}

export function describeCopiesStop({ from, texts, looks, heldOut }: CopiesStop): string {
  return (
    `training stops from ${formatCount(from)} copies among ${pluralize(texts, 'sample')} on: beside ${formatCount(heldOut.count)} of ` +
    `${pluralize(heldOut.total, 'held-out title')} that is beyond chance at each of ${pluralize(looks, 'look')} (together 1%)`
  );
}

/** Why a training ended that its samples ended, and what is kept of it; undefined for another. */
export function describeEnd({ endedBy, steps, bestStep }: TrainingResult): string | undefined {
  if (!endedBy) return undefined;
  const why = `stopped at step ${formatCount(steps)}: ${describeCopies(endedBy)}, more than chance explains beside the held-out titles.`;
  if (bestStep === steps) return `${why} Its weights are kept, as there are none from before.`;
  if (bestStep === 0) return `${why} The model is kept as it came, as no later one was better before that.`;
  return `${why} The weights of step ${formatCount(bestStep)} are kept, those of the lowest held-out loss before that.`;
}
