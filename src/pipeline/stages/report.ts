import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../common/errors.js';
import type { ReportCounts } from '../../common/stage-counts.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readClientBundle } from '../../io/client-bundle.js';
import { checkArgument, isText } from '../../options/call-arguments.js';
import type { ReportFigures } from '../../report/report-figures.js';
import { renderReport } from '../../report/report-page.js';
import { reportOnRun } from '../../run/report-on-run.js';
import { sampledCopies } from '../../run/reported-facts.js';
import { runFiles, sampleFile } from '../../run/run-files.js';
import { usableRunCounts } from '../../run/usable-counts.js';
import type { PageAssets } from '../../web/html-page.js';
import { readCanaries } from '../run/canaries-file.js';
import { readJudgement } from '../run/judgement-file.js';
import { readMetrics } from '../run/metrics-file.js';
import { readTitleLosses } from '../run/title-losses-file.js';
import type { StageJob, StageWorkContext } from './stage.js';

/** judgement.json, metrics.jsonl and the stages' counts → report.html and report.json. */
export async function runReport(job: StageJob, context: StageWorkContext): Promise<ReportCounts> {
  const { folder, options, decisions, recorded } = job;
  const judgement = await readJudgement(folder);
  const metrics = await readMetrics(folder);
  const { figures, counts } = reportOnRun({
    runName: job.runName,
    options,
    decisions,
    recorded,
    counts: usableRunCounts(job.counts),
    judgement,
    losses: await readTitleLosses(folder),
    metrics,
    sampled: await sampledCopies(metrics, (step) => countSamples(folder, step)),
    canaries: await readCanaries(folder),
  });
  await context.begin();
  await writeReport(job.work, figures);
  return counts;
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

/** Texts in the file of a sample; undefined where there is none. */
export async function countSamples(folder: string, step: number): Promise<number | undefined> {
  try {
    return (await readFile(join(folder, sampleFile(step)), 'utf8')).split('\n').length - 1;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
