import { copyReasons, type RatedText, type Verdict } from '../common/judgement.js';
import { evenly } from '../common/random.js';
import { checkArgument, hasKeys } from '../options/call-arguments.js';
import { jsonForHtml, visible } from '../web/html.js';
import { findBestCheckpoint, trainingCurve } from './curve.js';
import type { Cluster, NamedCount, Pair, RatingBin, ReportFigures, ReportInput } from './report-figures.js';

const limits = {
  pairBytes: 2_400_000,
  clusters: 20,
  variants: 3,
  closestHeldOut: 5,
  accepted: 60,
  rejected: 12,
  text: 300,
};
const binCount = 20;
/** Approximate bytes of numbers, quotes and runs of differing words. */
const bytesAroundPair = 60;

const utf8 = new TextEncoder();

/** Computes the report's figures from the results of a run. Depends only on the input: no clock, no paths. */
export function buildReport(input: ReportInput): ReportFigures {
  checkArgument(
    'buildReport',
    'input',
    input,
    hasKeys('input of a report', 'counts', 'judgement', 'metrics'),
  );
  const { counts } = input;
  const { rules, verdicts, heldOut } = input.judgement;
  const accepted = verdicts.filter((verdict) => verdict.reason === undefined);
  const curve = trainingCurve(input);
  const pairs = withinBudget(byRating(verdicts).map(verdictPair));
  return {
    format: 4,
    run: {
      name: input.runName,
      subreddit: input.subreddit ?? null,
      source: { description: input.source.description, synthetic: input.source.synthetic },
      model: input.model.name,
      seed: input.seed,
      options: Object.entries(input.options).map(([name, value]) => ({ name, value: String(value) })),
      given: input.given ?? [],
      titlesmithVersion: input.titlesmithVersion ?? null,
      begun: input.begun ?? null,
      decisions: input.decisions ?? [],
      trainedOn: input.trainedOn ?? null,
      settings: input.settings ?? [],
    },
    titles: {
      extracted: counts.extract?.extracted ?? null,
      kept: counts.extract?.kept ?? null,
      dropped: namedCounts(counts.extract?.droppedByReason),
      train: counts.dataset?.train ?? null,
      validation: counts.dataset?.validation ?? null,
    },
    training: counts.finetune ?? null,
    curve,
    bestCheckpoint: findBestCheckpoint(curve, input.overfit.heldOut.copies),
    generation: {
      outputs: verdicts.length,
      tokens: counts.generate?.tokens ?? null,
      finished: namedCounts(counts.generate?.byFinishReason),
      turnedAway: counts.generate?.turnedAway ?? null,
      ...(counts.generate?.chosen ? { chosen: counts.generate.chosen } : {}),
    },
    verdicts: { accepted: accepted.length, rejected: rejectedCounts(verdicts) },
    rules,
    overfit: input.overfit,
    ...(input.judgement.membership ? { membership: input.judgement.membership } : {}),
    ...(input.judgement.wordings ? { wordings: input.judgement.wordings } : {}),
    ...(input.base ? { base: input.base } : {}),
    ...(input.canaries ? { canaries: input.canaries } : {}),
    distribution: ratingBins(verdicts, heldOut),
    pairs,
    pairsLeftOut: verdicts.length - pairs.length,
    mostCopied: clusters(verdicts.filter(isCopy), ({ matched }) => matched),
    repeats: clusters(verdicts, ({ repeats }) => repeats, 1),
    closestHeldOut: byRating(heldOut.map(heldOutPair)).slice(0, limits.closestHeldOut),
    acceptedSample: evenly(accepted, limits.accepted).map(verdictPair),
    rejectedSamples: rejectedCounts(verdicts).map(({ name, count }) => ({
      reason: name,
      count,
      samples: byRating(distinct(verdicts.filter((verdict) => verdict.reason === name)))
        .slice(0, limits.rejected)
        .map(verdictPair),
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

function rejectedCounts(verdicts: readonly Verdict[]): NamedCount[] {
  const counts = new Map<string, number>();
  for (const { reason } of verdicts)
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return namedCounts(Object.fromEntries(counts));
}

/** How many outputs and held-out titles have their closest rating in each of 20 bins. */
export function ratingBins(outputs: readonly RatedText[], heldOut: readonly RatedText[]): RatingBin[] {
  const binOf = (rating: number) => Math.min(binCount - 1, Math.floor(rating * binCount));
  const bins = Array.from({ length: binCount }, () => ({ outputs: 0, heldOut: 0 }));
  for (const { closestRating } of outputs) bins[binOf(closestRating)]!.outputs++;
  for (const { closestRating } of heldOut) bins[binOf(closestRating)]!.heldOut++;
  return bins.map((bin, i) => ({ from: i / binCount, to: (i + 1) / binCount, ...bin }));
}

/** The first pairs, as many as fit into the page. */
function withinBudget(pairs: readonly Pair[]): Pair[] {
  const seen = new Set<string>();
  let bytes = 0;
  const end = pairs.findIndex(({ text, matched, second, evidence }) => {
    bytes += bytesAroundPair + bytesInPage(text + (second ?? '') + (evidence ?? ''));
    if (matched !== null && !seen.has(matched)) bytes += bytesInPage(matched);
    if (matched !== null) seen.add(matched);
    return bytes > limits.pairBytes;
  });
  return end < 0 ? [...pairs] : pairs.slice(0, end);
}

/** Bytes of a text in the page's data: escaped hostile texts take several times their length. */
function bytesInPage(text: string): number {
  return utf8.encode(jsonForHtml(visible(text)).markup).length;
}

/** Whether the reason is that a training title was copied. */
function isCopy({ reason }: Verdict): boolean {
  return copyReasons.some((kind) => kind === reason);
}

/**
 * Texts grouped by the text that they copy or repeat, largest group first.
 * @param more number of outputs to add to each group: 1 for repeats, whose original is not among them.
 */
function clusters(
  verdicts: readonly Verdict[],
  keyOf: (verdict: Verdict) => string | undefined,
  more = 0,
): Cluster[] {
  const groups = new Map<string, string[]>();
  for (const verdict of verdicts) {
    const key = keyOf(verdict);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(verdict.text);
    else groups.set(key, [verdict.text]);
  }
  return [...groups]
    .filter(([, texts]) => texts.length + more > 1)
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, limits.clusters)
    .map(([text, texts]) => ({
      text: cut(text),
      count: texts.length + more,
      variants: [...new Set(texts)]
        .filter((variant) => variant !== text)
        .slice(0, limits.variants)
        .map(cut),
    }));
}

/** Verdicts without duplicate texts. */
function distinct(verdicts: readonly Verdict[]): Verdict[] {
  const seen = new Set<string>();
  return verdicts.filter(({ text }) => !seen.has(text) && seen.add(text));
}

/** The highest rating first, equal ones by index. */
function byRating<T extends { readonly rating: number; readonly index: number }>(rated: readonly T[]): T[] {
  return [...rated].sort((a, b) => b.rating - a.rating || a.index - b.index);
}

function verdictPair(verdict: Verdict): Pair {
  const matched = verdict.repeats ?? verdict.matched;
  return {
    index: verdict.index,
    text: cut(verdict.text),
    rating: verdict.rating,
    matched: matched === undefined ? null : cut(matched),
    second: verdict.second === undefined ? null : cut(verdict.second),
    reason: verdict.reason ?? null,
    evidence: verdict.evidence ?? null,
  };
}

function heldOutPair({ text, closestRating, matched }: RatedText, index: number): Pair {
  return {
    index,
    text: cut(text),
    rating: closestRating,
    matched: matched === undefined ? null : cut(matched),
    second: null,
    reason: null,
    evidence: null,
  };
}

/** Cuts long texts, never within a surrogate pair. */
function cut(text: string): string {
  if (text.length <= limits.text) return text;
  const characters = Array.from(text.slice(0, 2 * limits.text + 1));
  return characters.length <= limits.text ? text : `${characters.slice(0, limits.text).join('')}…`;
}
