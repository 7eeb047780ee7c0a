import type { Estimate, LossFindings } from '../../common/judgement.js';
import { bitsPerByte, type ScoredTitles, type TitleLosses } from '../../common/title-losses.js';
import { areaUnderCurve } from './area-under-curve.js';
import { ratioEstimate } from './proportions.js';

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
  return {
    bits,
    titles: { heldOut: heldOut.model.length, training: training.model.length },
    gains: {
      unigram: gainOver(heldOut.unigram),
      trigram: gainOver(heldOut.trigram),
      start: gainOver(heldOut.start),
    },
    gap: { value: share, low: share - margin, high: share + margin },
    toldApart: toldApart(losses),
  };
}

/**
 * How well training titles can be told from held-out ones by their loss beside a reference's, a byte: that of the weights that
 * training began with (as Carlini et al. calibrate in "Membership Inference Attacks From First Principles", 2022, arXiv
 * 2112.03570, by models that were not shown a text), or of the unigram model where these were random. Without it, any model
 * would seem to know training titles, whose words all occur in training, as those of other titles do not.
 */
function toldApart({ start, heldOut, training }: TitleLosses): Estimate | undefined {
  const reference = start === 'pretrained' ? 'start' : 'unigram';
  const known = training[reference];
  if (known === undefined) return undefined;
  const beside = ({ model, bytes }: ScoredTitles, losses: readonly number[]): number[] =>
    model.map((nats, i) => (nats - losses[i]!) / bytes[i]!);
  return areaUnderCurve(beside(training, known), beside(heldOut, heldOut[reference]));
}

/** Σ nats / ln 2 / Σ bytes. */
function bitsOf(nats: readonly number[], bytes: readonly number[]): Estimate {
  const { value, low, high } = ratioEstimate(nats, bytes);
  return { value: value / Math.LN2, low: low / Math.LN2, high: high / Math.LN2 };
}
