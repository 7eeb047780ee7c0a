import type { Canaries } from '../common/canaries.js';
import { firstDraw, type Judgement, type OverfitStatistics } from '../common/judgement.js';
import { packageVersion } from '../common/package-facts.js';
import type { ReportCounts, RunCounts } from '../common/stage-counts.js';
import type { TitleLosses } from '../common/title-losses.js';
import { findInCanaries } from '../dedupe/canary-findings.js';
import { baseStatistics, overfitStatistics } from '../dedupe/verdict/statistics.js';
import { withoutUndefined } from '../options/call-arguments.js';
import type { RunOptions } from '../options/option-table.js';
import { defaultOptions } from '../options/option-values.js';
import { buildReport } from '../report/build-report.js';
import type { ReportFigures, SampledCopies, TrainingPoint } from '../report/report-figures.js';
import type { Decisions } from './manifest.js';
import {
  decidedSettings,
  decisionsMade,
  givenOptions,
  type RecordedFacts,
  shownOptions,
  tokensPerByte,
} from './reported-facts.js';

/** What a report is made of: what is recorded of a run, and what its files hold. */
interface ReportedRun {
  readonly runName: string;
  /** Those that are left out have their defaults. */
  readonly options: Partial<RunOptions>;
  readonly decisions: Decisions;
  readonly recorded: RecordedFacts | undefined;
  readonly counts: RunCounts;
  readonly judgement: Judgement;
  readonly losses: TitleLosses | undefined;
  readonly metrics: readonly TrainingPoint[];
  /** Copies among the texts sampled during training. */
  readonly sampled: readonly SampledCopies[];
  readonly canaries?: Canaries | undefined;
}

/** The figures of a run's report, and the counts of its stage. The same run always gives the same. */
export function reportOnRun(run: ReportedRun): {
  readonly figures: ReportFigures;
  readonly counts: ReportCounts;
} {
  const { decisions, recorded, judgement, losses, metrics, sampled } = run;
  const options = { ...defaultOptions(), ...withoutUndefined(run.options) };
  const { source } = decisions;
  const own = judgement.verdicts.map(firstDraw);
  const overfit = overfitStatistics(own, judgement.heldOut, {
    repeatedTitles: repeatedTitles(run.counts),
    membership: judgement.membership,
    losses,
  });
  const base = baseStatistics(own, judgement.heldOut);
  const figures = buildReport({
    runName: run.runName,
    subreddit: options.subreddit[0],
    source: { description: source?.description ?? options.source, synthetic: source?.choice === 'sample' },
    model: { name: decisions.model?.choice ?? options.model },
    seed: options.seed,
    options: shownOptions(options),
    given: givenOptions(options),
    titlesmithVersion: packageVersion,
    begun: recorded?.createdAt.slice(0, 10),
    decisions: decisionsMade(decisions),
    trainedOn: recorded?.training?.device,
    settings: decidedSettings(recorded),
    counts: run.counts,
    metrics,
    sampled,
    tokensPerByte: tokensPerByte(losses, options),
    judgement,
    overfit,
    base,
    canaries: findInCanaries(run.canaries),
  });
  const counts = {
    verdict: overfit.verdict,
    copyShare: overfit.outputs.copies.share,
    excess: overfit.excess,
    ...(overfit.measures.length > 0 ? { bound: boundOf(overfit) } : {}),
  };
  const inBase = base && { outputs: base.outputs.share, heldOut: base.heldOut.share };
  return { figures, counts: inBase ? { ...counts, inBase } : counts };
}

/** How much more frequent copies are at most, and what sample would tell whether that is too much. */
function boundOf({ comparison }: OverfitStatistics): NonNullable<NonNullable<RunCounts['report']>['bound']> {
  const { upper, holds, outputsNeeded, heldOutNeeded } = comparison;
  return {
    upper,
    holds,
    ...(outputsNeeded === undefined ? {} : { outputsNeeded }),
    ...(heldOutNeeded === undefined ? {} : { heldOutNeeded }),
  };
}

/**
 * How many titles of the source say what another says, as cleaning found: of each pair it dropped one, so that at most twice
 * as many as it dropped have a twin.
 */
function repeatedTitles({ extract }: RunCounts): { count: number; total: number } | undefined {
  if (extract === undefined) return undefined;
  const dropped = extract.droppedByReason['duplicate'] ?? 0;
  const total = extract.kept + dropped;
  return { count: Math.min(total, 2 * dropped), total };
}
