import type { Share } from '../common/judgement.js';
import type {
  BestCheckpoint,
  CurvePoint,
  ReportFigures,
  ReportInput,
  SampledCopies,
  TrainingPoint,
} from './report-figures.js';

const maximumPoints = 600;

type CurveInput = Pick<ReportInput, 'metrics' | 'sampled' | 'tokensPerByte'> & {
  readonly counts?: ReportInput['counts'];
};

/**
 * The curves to draw from the lines of metrics.jsonl; values that are not finite numbers are left out. The held-out loss before
 * training is that of step 0.
 */
export function trainingCurve({
  metrics,
  sampled,
  tokensPerByte,
  counts,
}: CurveInput): ReportFigures['curve'] {
  const measured = metrics.flatMap(({ step, validationLoss }) =>
    isNumber(validationLoss) ? [{ step, loss: validationLoss }] : [],
  );
  const initial = counts?.finetune?.initialValidationLoss;
  const begins = isNumber(initial) && measured.length > 0 && measured[0]!.step > 0;
  return {
    loss: trainingLosses(metrics),
    validation: begins ? [{ step: 0, loss: initial }, ...measured] : measured,
    copies: sampled ?? metrics.flatMap(sharesAlone),
    tokensPerByte: tokensPerByte ?? null,
  };
}

/**
 * Curves as they can be drawn over each other: in bits a token where some do not know their tokens a byte, as a training does
 * until it ends, and all have the same tokens; else as they are.
 */
export function inCommonUnit<Curve extends Pick<ReportFigures['curve'], 'validation' | 'tokensPerByte'>>(
  curves: readonly Curve[],
  haveSameTokens: boolean | null,
): readonly Curve[] {
  const isOfTokens = ({ validation, tokensPerByte }: Curve): boolean =>
    validation.length > 0 && tokensPerByte === null;
  if (haveSameTokens !== true || !curves.some(isOfTokens)) return curves;
  return curves.map((curve) => ({ ...curve, tokensPerByte: null }));
}

function sharesAlone({ step, nearCopyShare }: TrainingPoint): SampledCopies[] {
  return isNumber(nearCopyShare) ? [{ step, share: nearCopyShare, texts: null, low: null, high: null }] : [];
}

/** Training losses; neighbours are averaged if there are more points than a chart needs. */
function trainingLosses(metrics: readonly TrainingPoint[]): CurvePoint[] {
  const points = metrics.flatMap(({ step, loss }) => (isNumber(loss) ? [{ step, loss }] : []));
  const size = Math.ceil(points.length / maximumPoints);
  const thinned: CurvePoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const group = points.slice(start, start + size);
    const loss = group.reduce((sum, point) => sum + point.loss, 0) / group.length;
    thinned.push({ step: group.at(-1)!.step, loss });
  }
  return thinned;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * The step with the lowest held-out loss among those whose samples copied no more than held-out titles do;
 * if all copied more, among those that copied least. A sample is paired with the last held-out loss up to
 * its step, but not with that before training.
 * @param heldOutCopies share of copies among the held-out titles; the upper end of its interval is used.
 * @returns null if no sample was taken.
 */
export function findBestCheckpoint(
  { validation, copies }: ReportFigures['curve'],
  heldOutCopies: Share,
): BestCheckpoint | null {
  const candidates = copies.flatMap(({ step, share }) => {
    const loss = validation.findLast((point) => point.step > 0 && point.step <= step)?.loss;
    return loss === undefined ? [] : [{ step, loss, copyShare: share }];
  });
  const allowed = Math.max(heldOutCopies.high, Math.min(...candidates.map(({ copyShare }) => copyShare)));
  const novel = candidates.filter(({ copyShare }) => copyShare <= allowed);
  return novel.reduce<BestCheckpoint | null>(
    (best, candidate) => (best === null || candidate.loss < best.loss ? candidate : best),
    null,
  );
}
