import type { Estimate, LossFindings } from '../../common/judgement.js';
import { bitsPerByte, type TitleLosses } from '../../common/title-losses.js';
import { areaUnderCurve } from './area-under-curve.js';
import { intervalQuantile } from './proportions.js';

/**
 * What the losses of single titles say: whether the model has learned more than plain baselines have, and whether it knows the
 * titles that it was shown better than others. Undefined with fewer than two titles of either kind.
 */
export function findInLosses(losses: TitleLosses | undefined): LossFindings | undefined {
  if (losses === undefined) return undefined;
  const { heldOut, training } = losses;
  if (heldOut.model.length < 2 || training.model.length < 2) return undefined;
  const bits = bitsPerByte(losses);
  const gainOver = (baseline: readonly number[]): Estimate =>
    bitsOf(
      heldOut.model.map((nats, i) => baseline[i]! - nats),
      heldOut.bytes,
    );
  const [known, unknown] = [bitsOf(training.model, training.bytes), bitsOf(heldOut.model, heldOut.bytes)];
  const share = unknown.value - known.value;
  const margin = Math.hypot(unknown.high - unknown.value, known.high - known.value);
  const ofBytes = ({ model, bytes }: { model: readonly number[]; bytes: readonly number[] }) =>
    model.map((nats, i) => nats / bytes[i]!);
  return {
    bits,
    gains: {
      unigram: gainOver(heldOut.unigram),
      trigram: gainOver(heldOut.trigram),
      start: gainOver(heldOut.start),
    },
    gap: { value: share, low: share - margin, high: share + margin },
    toldApart: areaUnderCurve(ofBytes(training), ofBytes(heldOut)),
  };
}

/**
 * Σ nats / ln 2 / Σ bytes with its interval, titles being a sample: the standard error of a ratio (Cochran, Sampling Techniques,
 * 1977, section 6.4).
 */
function bitsOf(nats: readonly number[], bytes: readonly number[]): Estimate {
  const total = bytes.reduce((sum, one) => sum + one, 0);
  const ratio = nats.reduce((sum, one) => sum + one, 0) / total;
  const n = nats.length;
  const squares = nats.reduce((sum, one, i) => sum + (one - ratio * bytes[i]!) ** 2, 0);
  const error = Math.sqrt((squares / (n - 1)) * n) / total;
  const [value, margin] = [ratio / Math.LN2, (intervalQuantile * error) / Math.LN2];
  return { value, low: value - margin, high: value + margin };
}
