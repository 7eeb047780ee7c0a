import type { NonInferiority } from '../../common/judgement.js';
import { type Counted, shareDifference, wilsonShare } from './proportions.js';

/** Copies may exceed those among the held-out titles by less than this before a model is not called as good as new. */
const margin = 0.03;

/** Largest sample that is proposed: more outputs or held-out titles than this are never asked for. */
const mostProposed = 1_000_000;

function upperBound(outputs: Counted, heldOut: Counted): number {
  const bound = ({ count, total }: Counted) => wilsonShare(count, total, 'bound');
  return shareDifference(bound(outputs), bound(heldOut)).high;
}

/** The smallest size from `from` on at which a condition holds that stays true from there on. */
function smallest(from: number, holds: (size: number) => boolean): number | undefined {
  let high = Math.max(1, from);
  while (!holds(high)) {
    high *= 2;
    if (high > mostProposed) return undefined;
  }
  let low = Math.max(1, Math.floor(high / 2));
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

const scaled = ({ count, total }: Counted, to: number): Counted => ({
  count: total === 0 ? 0 : (count / total) * to,
  total: to,
});

/**
 * Tests whether copies are no more frequent among the outputs than among the held-out titles, but for less than
 * {@link margin}, by Newcombe's interval (Statistics in Medicine 17, 1998, 873-890), and says what sample would tell.
 */
export function testNonInferiority(outputs: Counted, heldOut: Counted): NonInferiority {
  const upper = upperBound(outputs, heldOut);
  if (upper < margin) return { margin, upper, holds: true };
  const outputsNeeded = smallest(
    outputs.total,
    (size) => upperBound(scaled(outputs, size), heldOut) < margin,
  );
  if (outputsNeeded !== undefined) return { margin, upper, holds: false, outputsNeeded };
  const heldOutNeeded = smallest(heldOut.total, (size) => {
    return upperBound(scaled(outputs, Math.max(size, outputs.total)), scaled(heldOut, size)) < margin;
  });
  return { margin, upper, holds: false, ...(heldOutNeeded === undefined ? {} : { heldOutNeeded }) };
}
