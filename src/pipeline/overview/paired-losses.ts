import type { Estimate } from '../../common/judgement.js';
import type { ScoredTitles, TitleLosses } from '../../common/title-losses.js';
import { ratioEstimate } from '../../dedupe/verdict/proportions.js';
import type { PairedDifference } from '../../report/comparison/comparison.js';
import { finishedRecord, type Manifest } from '../../run/manifest.js';
import { runFiles } from '../../run/run-files.js';

/** A run, and how well it predicts its held-out titles. */
interface ScoredRun {
  /** What it is called beside the others. */
  readonly name: string;
  readonly manifest: Manifest;
  /** Undefined where the run does not know the losses of single titles. */
  readonly losses: TitleLosses | undefined;
}

/**
 * How much better or worse each run but the first predicts single held-out titles than the first does; empty where no run knows
 * losses of single titles.
 */
export function pairedDifferences(runs: readonly ScoredRun[]): PairedDifference[] {
  const [first, ...others] = runs;
  if (!first || runs.every(({ losses }) => losses === undefined)) return [];
  return others.map((other) => {
    const reason = whyNotPaired(other, first);
    const bits = reason === undefined ? differenceOf(other.losses!.heldOut, first.losses!.heldOut) : null;
    const names = { name: other.name, against: first.name, titles: other.losses?.heldOut.model.length ?? 0 };
    if (bits) return { ...names, bits, reason: null };
    return { ...names, bits: null, reason: reason ?? 'their losses are no numbers to reckon with' };
  });
}

/** Why the losses of two runs are not those of the same titles, or too few; undefined where they can be paired. */
function whyNotPaired(a: ScoredRun, b: ScoredRun): string | undefined {
  for (const { name, losses } of [a, b])
    if (!losses) return `${name} has no losses of single titles (${runFiles.titleLosses})`;
  const [mine, theirs] = [heldOutHash(a.manifest), heldOutHash(b.manifest)];
  if (mine === undefined || theirs === undefined)
    return 'not both have recorded which titles were held out of their training';
  const [one, two] = [a.losses!.heldOut, b.losses!.heldOut];
  if (mine !== theirs) return 'their held-out titles are not the same';
  // The same file, of which models with other tokens or a shorter context may have scored other titles.
  if (one.of !== two.of || !isSame(one.titles, two.titles) || !isSame(one.bytes, two.bytes))
    return 'not the same of their held-out titles were scored';
  if (one.model.length < 2) return 'there are fewer than two held-out titles';
  return undefined;
}

/** The hash of the held-out titles that a training was measured by. */
function heldOutHash(manifest: Manifest): string | undefined {
  return finishedRecord(manifest, 'finetune')?.inputs?.[runFiles.validation]?.sha256;
}

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

/** Mean difference in bits a byte, titles weighing by their bytes; undefined where it is no number. */
function differenceOf(a: ScoredTitles, b: ScoredTitles): Estimate | undefined {
  const bits = a.model.map((nats, index) => (nats - b.model[index]!) / Math.LN2);
  const found = ratioEstimate(bits, a.bytes);
  return Object.values(found).every(Number.isFinite) ? found : undefined;
}
