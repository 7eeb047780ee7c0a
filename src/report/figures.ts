import type {
  CurvePoint,
  NamedCount,
  Pair,
  RatedPair,
  RatingBin,
  ReportFigures,
  ReportInput,
  ReportVerdict,
  TrainingPoint,
} from './contract.js';

const limits = {
  closest: 60,
  equal: 10,
  closestHeldOut: 5,
  accepted: 60,
  rejected: 12,
  curve: 600,
  text: 300,
};
const binCount = 20;

/** Turns what a run left behind into the report's figures. Depends on the input alone: no clock, no paths. */
export function buildReport(input: ReportInput): ReportFigures {
  const { counts, verdicts } = input;
  const accepted = verdicts.filter((verdict) => verdict.reason === undefined);
  return {
    format: 1,
    run: {
      name: input.runName,
      subreddit: input.subreddit ?? null,
      source: { description: input.source.description, synthetic: input.source.synthetic },
      model: input.model.name,
      seed: input.seed,
      options: Object.entries(input.options).map(([name, value]) => ({ name, value: String(value) })),
    },
    titles: {
      extracted: counts.extract?.extracted ?? null,
      kept: counts.extract?.kept ?? null,
      dropped: namedCounts(counts.extract?.droppedByReason),
      train: counts.dataset?.train ?? null,
      validation: counts.dataset?.validation ?? null,
    },
    training: counts.finetune ?? null,
    curve: { loss: trainingLosses(input.metrics), validation: validationLosses(input.metrics) },
    generation: {
      outputs: verdicts.length,
      tokens: counts.generate?.tokens ?? null,
      finished: namedCounts(counts.generate?.byFinishReason),
    },
    verdicts: { accepted: accepted.length, rejected: rejectedCounts(verdicts) },
    overfit: input.overfit,
    distribution: distribution(verdicts, input.heldOut),
    closest: closestOutputs(verdicts),
    closestHeldOut: byRating(input.heldOut.map((pair, index) => ({ ...pair, index })))
      .slice(0, limits.closestHeldOut)
      .map(toPair),
    acceptedSample: evenly(accepted, limits.accepted).map(toPair),
    rejectedSamples: rejectedCounts(verdicts).map(({ name, count }) => ({
      reason: name,
      count,
      samples: byRating(distinct(verdicts.filter((verdict) => verdict.reason === name)))
        .slice(0, limits.rejected)
        .map(toPair),
    })),
  };
}

/** Counts above 0, the largest first, equal ones by name. */
function namedCounts(counts: Readonly<Record<string, number>> = {}): NamedCount[] {
  return Object.entries(counts)
    .map(([name, count]) => ({ name, count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

function rejectedCounts(verdicts: readonly ReportVerdict[]): NamedCount[] {
  const counts = new Map<string, number>();
  for (const { reason } of verdicts)
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return namedCounts(Object.fromEntries(counts));
}

/** Training losses that are numbers, averaged over neighbours where there are more than fit a drawing. */
function trainingLosses(metrics: readonly TrainingPoint[]): CurvePoint[] {
  const points = metrics.flatMap(({ step, loss }) => (isNumber(loss) ? [{ step, loss }] : []));
  const size = Math.ceil(points.length / limits.curve);
  const thinned: CurvePoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const group = points.slice(start, start + size);
    const loss = group.reduce((sum, point) => sum + point.loss, 0) / group.length;
    thinned.push({ step: group.at(-1)!.step, loss });
  }
  return thinned;
}

function validationLosses(metrics: readonly TrainingPoint[]): CurvePoint[] {
  return metrics.flatMap(({ step, validationLoss }) =>
    isNumber(validationLoss) ? [{ step, loss: validationLoss }] : [],
  );
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function distribution(outputs: readonly RatedPair[], heldOut: readonly RatedPair[]): RatingBin[] {
  const binOf = (rating: number) => Math.min(binCount - 1, Math.floor(rating * binCount));
  const bins = Array.from({ length: binCount }, () => ({ outputs: 0, heldOut: 0 }));
  for (const { rating } of outputs) bins[binOf(rating)]!.outputs++;
  for (const { rating } of heldOut) bins[binOf(rating)]!.heldOut++;
  return bins.map((bin, i) => ({ from: i / binCount, to: (i + 1) / binCount, ...bin }));
}

/**
 * The closest of each verdict, so that neither a flood of copies nor of accepted titles hides the others; few
 * rated 1, which show no difference to look at.
 */
function closestOutputs(verdicts: readonly ReportVerdict[]): Pair[] {
  const comparable = byRating(
    distinct(verdicts.filter((verdict) => verdict.matched !== undefined && verdict.repeats === undefined)),
  );
  const equal = comparable.filter((verdict) => verdict.rating === 1).slice(0, limits.equal);
  const different = comparable.filter((verdict) => verdict.rating < 1);
  const reasons = new Set(different.map((verdict) => verdict.reason));
  const closest = [...reasons].flatMap((reason) =>
    different.filter((verdict) => verdict.reason === reason).slice(0, limits.closest),
  );
  return byRating([...equal, ...closest]).map(toPair);
}

/** The first of each text. */
function distinct<T extends RatedPair>(pairs: readonly T[]): T[] {
  const seen = new Set<string>();
  return pairs.filter(({ text }) => !seen.has(text) && seen.add(text));
}

function byRating<T extends RatedPair & { index: number }>(pairs: readonly T[]): T[] {
  return [...pairs].sort((a, b) => b.rating - a.rating || a.index - b.index);
}

/** At most `count` items, at even distances. */
function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

function toPair(
  pair: RatedPair & { index: number; reason?: string | undefined; repeats?: string | undefined },
): Pair {
  const matched = pair.repeats ?? pair.matched;
  return {
    index: pair.index,
    text: cut(pair.text),
    rating: pair.rating,
    matched: matched === undefined ? null : cut(matched),
    reason: pair.reason ?? null,
  };
}

/** Cuts between characters, never inside one. */
function cut(text: string): string {
  if (text.length <= limits.text) return text;
  const characters = Array.from(text.slice(0, 2 * limits.text + 1));
  return characters.length <= limits.text ? text : `${characters.slice(0, limits.text).join('')}…`;
}
