import { join } from 'node:path';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  formatPoints,
  formatSeconds,
  pluralize,
} from '../common/number-formats.js';
import { toPrintable } from '../common/printable.js';
import { type RunCounts, trainingRemedy } from '../common/stage-counts.js';
import type { StageName } from '../options/choices.js';
import { countsOf, firstAccepted, secondsOf, unusableNote } from '../pipeline/overview/run-overview.js';
import type { FinishedRun } from '../pipeline/run-stages.js';
import { verdictWords } from '../report/verdict-words.js';
import { runFiles } from '../run/run-files.js';

/** What follows the verdict's words. */
const afterVerdict: Readonly<Record<NonNullable<RunCounts['report']>['verdict'], string>> = {
  underfits: ': see the report for what to do',
  overfits: ': see the report for what to do',
  leans: ' more than chance explains: see the report',
  healthy: ': copies are less than 3 points more frequent than among held-out titles',
  unknown: ' whether it recites: see the report for what to do',
};

/** What can be said where there is not enough to tell: how much more frequent copies are at most, rounded up. */
function afterUnknown({ bound }: NonNullable<RunCounts['report']>): string {
  if (bound === undefined) return afterVerdict.unknown;
  const points = formatPoints(Math.ceil(1000 * bound.upper) / 1000).replace('+', '');
  const most = bound.upper <= 0 ? 'no more' : `at most ${points} points more`;
  const what = bound.holds ? 'has learned anything' : 'recites';
  return ` whether it ${what}: copies are ${most} frequent than among held-out titles (95% confidence); ${whatWouldTell(bound)}`;
}

/** What sample would tell whether it recites, as far as a number can be given. */
function whatWouldTell({
  holds,
  outputsNeeded,
  heldOutNeeded,
}: NonNullable<NonNullable<RunCounts['report']>['bound']>): string {
  if (!holds && outputsNeeded !== undefined)
    return `if the shares stay as they are, it takes ${pluralize(outputsNeeded, 'output')} in all at least to tell`;
  if (!holds && heldOutNeeded !== undefined)
    return `if the shares stay as they are, it takes ${pluralize(heldOutNeeded, 'held-out title')} and as many outputs at least to tell`;
  return 'see the report for what to do';
}

const whatAcceptedMeans = 'no copy, and not broken; whether they are good, only reading them tells';

/** That a model predicts held-out titles no better than plain counts do, which its perplexity alone does not say. */
function plainCountsLine({ bitsPerByte: bits }: NonNullable<RunCounts['finetune']>): string | undefined {
  if (bits === undefined) return undefined;
  const plain = Math.min(bits.trigram, bits.unigram);
  if (bits.model < plain) return undefined;
  return (
    `it has learned too little: a plain table of word parts predicts the held-out titles as well or better (${formatDecimal(plain)} bits a byte ` +
    `against ${formatDecimal(bits.model)}, fewer is better), so that what it writes may be word salad`
  );
}

/** The summary of a finished run: lines for people, and data for programs. */
interface RunSummary {
  readonly lines: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** `{a: 3, b: 0, c: 1}` → ` (3 a, 1 c)`; empty if all counts are 0. */
function breakdown(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return entries.length === 0
    ? ''
    : ` (${entries.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(', ')})`;
}

/** The share of generated titles that were refused, 0 to 1; undefined if none were judged. */
function refusedShare(counts: RunCounts): number | undefined {
  if (!counts.dedupe) return undefined;
  const { accepted, rejected } = counts.dedupe;
  return accepted + rejected === 0 ? undefined : rejected / (accepted + rejected);
}

/** The counts without those of stages that are stale: they are of another model, or of other titles. */
function withoutStale(counts: RunCounts, stale: readonly StageName[]): RunCounts {
  return Object.fromEntries(Object.entries(counts).filter(([stage]) => !stale.includes(stage as StageName)));
}

function countLines(counts: RunCounts): string[] {
  const { extract, dataset, finetune, generate, dedupe } = counts;
  const lines: string[] = [];
  const add = (label: string, text: string): number => lines.push(`  ${label.padEnd(11)}${text}`);
  if (extract) {
    const dropped = extract.extracted - extract.kept;
    const why = breakdown(extract.droppedByReason);
    add(
      'titles',
      `${formatCount(extract.extracted)} extracted, ${formatCount(extract.kept)} kept, ${formatCount(dropped)} dropped${why}`,
    );
  }
  if (dataset)
    add(
      'dataset',
      `${formatCount(dataset.train)} to train on, ${formatCount(dataset.validation)} held out` +
        (dataset.prompted === undefined ? '' : `; ${formatCount(dataset.prompted)} of all prompted`),
    );
  if (finetune) {
    const { parameters, trainedParameters: trained = parameters, earlier } = finetune;
    const some = `, ${formatCount(trained)} of them trained (${formatPercent(trained / parameters)})`;
    const inAll = earlier && [earlier.steps + finetune.steps, earlier.epochs + finetune.epochs];
    const afterEarlier = inAll
      ? ` (${pluralize(inAll[0]!, 'step')}, ${formatDecimal(inAll[1]!)} epochs in all)`
      : '';
    const skipped = finetune.skippedSteps ? ` (${formatCount(finetune.skippedSteps)} skipped)` : '';
    add(
      'training',
      `${pluralize(finetune.steps, earlier ? 'further step' : 'step')}${skipped}, ${formatDecimal(finetune.epochs)} epochs${afterEarlier}, ${formatCount(parameters)} parameters${trained < parameters ? some : ''}`,
    );
    if (finetune.endedBy) {
      const { samples, copies } = finetune.endedBy;
      add(
        '',
        `stopped as ${formatCount(copies)} of ${formatCount(samples)} samples were copies: beyond chance`,
      );
    }
    const [first, best] = [
      formatPerplexity(finetune.initialValidationLoss),
      formatPerplexity(finetune.bestValidationLoss),
    ];
    const last = formatPerplexity(finetune.finalValidationLoss);
    const helped = finetune.bestStep > 0;
    const kept = helped ? `step ${formatCount(finetune.bestStep)}` : 'the model as it came';
    add('perplexity', `${first} before, ${last} after, on the held-out titles; kept: ${best}, ${kept}`);
    const tooLittle = plainCountsLine(finetune);
    if (tooLittle !== undefined) add('', tooLittle);
    if (!helped && !finetune.endedBy) add('', `training helped nothing: ${trainingRemedy}`);
  }
  if (generate)
    add('generated', `${formatCount(generate.generated)} titles, ${formatCount(generate.tokens)} tokens`);
  if (dedupe) {
    const share = formatPercent(refusedShare(counts) ?? 0);
    const why = breakdown(dedupe.rejectedByReason);
    add(
      'review',
      `${formatCount(dedupe.accepted)} accepted, ${formatCount(dedupe.rejected)} refused = ${share}${why}`,
    );
  }
  return lines;
}

/**
 * Summarizes a finished run: counts of each stage, perplexity, the share refused, ten accepted titles, the path of the
 * report, and the duration.
 */
export function summarizeRun({
  folder,
  manifest,
  seconds,
  overfits,
  stale,
}: Omit<FinishedRun, 'status' | 'firstNewText'>): RunSummary {
  const all = countsOf(manifest);
  const counts = withoutStale(all, stale);
  const titles = counts.dedupe ? firstAccepted(folder) : [];
  const report = all.report ? join(folder, runFiles.reportPage) : undefined;
  const inAll = secondsOf(manifest);
  const isPart = inAll > seconds + 1;
  const took = isPart ? ` in this call; its stages took ${formatSeconds(inAll)} in all` : '';
  const lines = [`${manifest.name}: done in ${formatSeconds(seconds)}${took}`, ...countLines(counts)];
  const unusable = unusableNote(manifest);
  if (unusable !== undefined) lines.push(`  ${unusable}`);
  if (titles.length > 0)
    lines.push(
      `  accepted (${whatAcceptedMeans}), the first ten:`,
      ...titles.map((title) => `    ${toPrintable(title)}`),
    );
  if (counts.report) {
    const { verdict, inBase } = counts.report;
    lines.push(
      `  model      ${verdictWords[verdict]}${verdict === 'unknown' ? afterUnknown(counts.report) : afterVerdict[verdict]}`,
    );
    if (inBase) {
      const [outputs, heldOut] = [formatPercent(inBase.outputs), formatPercent(inBase.heldOut)];
      lines.push(
        `             of the outputs ${outputs}, of the held-out titles ${heldOut} stand in the base model's training titles`,
      );
    }
  }
  if (report && counts.report) lines.push(`  report     ${report}`);
  if (stale.length > 0)
    lines.push(`  stale      ${stale.join(', ')}: of files that have been replaced since, so not shown`);
  const data = {
    run: manifest.name,
    folder,
    seconds,
    counts: all,
    refusedShare: refusedShare(all),
    accepted: titles,
    report,
    // Only where it is certain: false would also stand for a run that nobody asked to judge.
    overfits: overfits || undefined,
    stale: stale.length > 0 ? stale : undefined,
  };
  return { lines, data };
}
