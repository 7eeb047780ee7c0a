import { join } from 'node:path';
import { firstDraw } from '../../common/judgement.js';
import type { ReportCounts, RunCounts } from '../../common/stage-counts.js';
import { packageVersion } from '../../common/version.js';
import { findInCanaries } from '../../dedupe/canary-findings.js';
import { baseStatistics, overfitStatistics } from '../../dedupe/verdict/statistics.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readClientBundle } from '../../io/client-bundle.js';
import { checkArgument, isText } from '../../options/call-arguments.js';
import { buildReport } from '../../report/build-report.js';
import type { ReportFigures } from '../../report/report-figures.js';
import { renderReport } from '../../report/report-page.js';
import { runFiles } from '../../run/run-files.js';
import type { PageAssets } from '../../web/html-page.js';
import { readCanaries } from '../run/canaries-file.js';
import { readJudgement } from '../run/judgement-file.js';
import { readMetrics } from '../run/metrics-file.js';
import { readTitleLosses } from '../run/title-losses-file.js';
import {
  decidedSettings,
  decisionsMade,
  givenOptions,
  sampledCopies,
  shownOptions,
  tokensPerByte,
} from './reported-facts.js';
import type { StageJob, StageWorkContext } from './stage.js';

/** judgement.json, metrics.jsonl and the stages' counts → report.html and report.json. */
export async function runReport(job: StageJob, context: StageWorkContext): Promise<ReportCounts> {
  const { folder, options, decisions, recorded } = job;
  const { source } = decisions;
  const judgement = await readJudgement(folder);
  const own = judgement.verdicts.map(firstDraw);
  const losses = await readTitleLosses(folder);
  const metrics = await readMetrics(folder);
  const overfit = overfitStatistics(own, judgement.heldOut, {
    repeatedTitles: repeatedTitles(job.counts as RunCounts),
    membership: judgement.membership,
    losses,
  });
  const canaries = findInCanaries(await readCanaries(folder));
  const base = baseStatistics(own, judgement.heldOut);
  const figures = buildReport({
    runName: job.runName,
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
    counts: job.counts as RunCounts,
    metrics,
    sampled: await sampledCopies(folder, metrics),
    tokensPerByte: tokensPerByte(losses, options),
    judgement,
    overfit,
    base,
    canaries,
  });
  await context.begin();
  await writeReport(job.work, figures);
  const counts = {
    verdict: overfit.verdict,
    copyShare: overfit.outputs.copies.share,
    excess: overfit.excess,
  };
  return base ? { ...counts, inBase: { outputs: base.outputs.share, heldOut: base.heldOut.share } } : counts;
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

/** The report's style and script, as {@link renderReport} takes them. */
export function reportAssets(): PageAssets {
  return { styles: readClientBundle('report.css'), script: readClientBundle('report.js') };
}

/**
 * Writes report.html and report.json into a run folder, each atomically.
 * @throws TitlesmithError naming the file.
 */
export async function writeReport(folder: string, figures: ReportFigures): Promise<void> {
  checkArgument('writeReport', 'folder', folder, isText);
  await writeFileAtomic(join(folder, runFiles.reportFigures), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFileAtomic(join(folder, runFiles.reportPage), renderReport(figures, reportAssets()));
}
