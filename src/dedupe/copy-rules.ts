import { TitlesmithError } from '../common/errors.js';
import type { CopyRules } from '../common/judgement.js';
import { type Comparison, closest } from './comparison.js';
import { isMadeOfRuns } from './copies.js';

export const defaultThreshold = 0.8;

/**
 * Bounds of `auto`: a lower threshold would reject texts that are merely similar, a higher one accept copies with one
 * word changed.
 */
const bounds = { lowest: 0.6, highest: 0.95 };
/** Ratings of held-out titles below this do not change what {@link chooseRules} chooses. */
export const lowestThreshold = bounds.lowest;
/** Maximum share of held-out titles that `auto` may reject as copies, and that runs alone may. */
const refusedShare = 0.01;
const refusedByRuns = 0.005;
/** Below this, 1% of the held-out titles is not one title. */
const fewestHeldOut = 100;
const shortestRun = 6;
const longestRun = 24;

/**
 * Decides from where on a text counts as a copy, by the held-out titles: no model wrote them, so their similarity to
 * the training titles is the natural one.
 *
 * Runs count from 6 tokens on, or from the smallest number at which at most 0.5% of the held-out titles would
 * be called partial or glued copies. The threshold, where `auto`, is the lowest in steps of 0.01 at which at
 * most 1% of the held-out titles would be refused for any reason, limited to 0.6 to 0.95.
 * @param heldOut held-out titles, compared with the training titles.
 * @throws TitlesmithError `threshold` for a threshold outside (0, 1].
 */
export function chooseRules(heldOut: readonly Comparison[], threshold: number | 'auto'): CopyRules {
  const run = chooseRun(heldOut);
  if (threshold !== 'auto') {
    assertThreshold(threshold);
    const thresholdReason =
      threshold === defaultThreshold
        ? `The threshold is ${threshold}, the default.`
        : `The threshold ${threshold} was given.`;
    return { threshold, thresholdChoice: 'given', thresholdReason, ...run };
  }
  return { thresholdChoice: 'auto', ...chooseThreshold(heldOut, run.minimumRun), ...run };
}

function assertThreshold(threshold: number): void {
  if (threshold > 0 && threshold <= 1) return;
  throw new TitlesmithError(`The similarity threshold is ${threshold}.`, {
    code: 'threshold',
    hint: 'Give auto, or a number above 0 and at most 1.',
  });
}

function chooseRun(heldOut: readonly Comparison[]): Pick<CopyRules, 'minimumRun' | 'runReason'> {
  if (heldOut.length < fewestHeldOut) {
    const titles = `${heldOut.length} held-out ${heldOut.length === 1 ? 'title' : 'titles'}`;
    const runReason = `A passage that an output shares with a title counts as copied from ${shortestRun} tokens on; ${titles} would be too few to choose that by.`;
    return { minimumRun: shortestRun, runReason };
  }
  for (let minimumRun = shortestRun; minimumRun <= longestRun; minimumRun++) {
    const refused = heldOut.filter((title) => isMadeOfRuns(title, minimumRun)).length;
    if (refused > refusedByRuns * heldOut.length) continue;
    const runReason =
      `A passage that an output shares with a title counts as copied from ${minimumRun} tokens on: at that, ${refused} of ${heldOut.length} held-out titles ` +
      'would be called partial or glued copies.';
    return { minimumRun, runReason };
  }
  const runReason =
    `Partial and glued copies are not looked for: more than ${100 * refusedByRuns}% of the held-out titles ` +
    `would be called such, even with runs of ${longestRun} tokens.`;
  return { minimumRun: undefined, runReason };
}

function chooseThreshold(heldOut: readonly Comparison[], minimumRun: number | undefined) {
  const total = heldOut.length;
  if (total < fewestHeldOut) {
    const thresholdReason =
      `The threshold is ${defaultThreshold}: ${total} held-out titles are too few to choose one by; ` +
      `${fewestHeldOut} are needed.`;
    return { threshold: defaultThreshold, thresholdReason };
  }
  const ratings = heldOut.map((title) =>
    minimumRun !== undefined && isMadeOfRuns(title, minimumRun)
      ? Number.POSITIVE_INFINITY
      : closest(title).rating,
  );
  const refusedAt = (threshold: number) => ratings.filter((rating) => rating >= threshold).length;
  for (let hundredths = 100 * bounds.lowest; hundredths <= 100 * bounds.highest; hundredths++) {
    const threshold = hundredths / 100;
    const refused = refusedAt(threshold);
    if (refused > refusedShare * total) continue;
    const thresholdReason =
      threshold === bounds.lowest
        ? `The threshold is ${threshold}, the lowest that auto takes: it would refuse ${refused} of ${total} ` +
          'held-out titles.'
        : `The threshold is ${threshold}: the lowest that would refuse at most 1% of the held-out titles ` +
          `(${refused} of ${total}).`;
    return { threshold, thresholdReason };
  }
  const thresholdReason =
    `The threshold is ${bounds.highest}, the highest that auto takes, though it would refuse ` +
    `${refusedAt(bounds.highest)} of ${total} held-out titles: these titles are very alike.`;
  return { threshold: bounds.highest, thresholdReason };
}
