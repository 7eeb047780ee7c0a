import { join } from 'node:path';
import type { Judgement } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import type { DedupeCounts } from '../../common/stage-counts.js';
import { createTitleIndex } from '../../dedupe/comparison.js';
import { applyDecisions } from '../../dedupe/decisions.js';
import { countVerdicts, dedupe } from '../../dedupe/dedupe.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import { readDecisions } from '../../review/decision-log.js';
import { writeVerdicts } from '../../review/kept-titles.js';
import { readAcceptedBefore } from '../run/earlier-results.js';
import { writeJudgement } from '../run/judgement-file.js';
import { runFiles } from '../run/run-files.js';
import { type DatasetTitles, readDatasetTitles } from './dataset.js';
import { readGenerated } from './generated-file.js';
import type { StageJob, StageWorkContext } from './stage.js';

/**
 * generated.jsonl and dataset/ → judgement.json, which report, review and serve read; together with the decisions made in
 * review → accepted.txt and rejected.csv.
 */
export async function runDedupe(
  { folder, work, options, startOver }: StageJob,
  context: StageWorkContext,
): Promise<DedupeCounts> {
  const outputs = await readGenerated(join(folder, runFiles.generated));
  const titles = await readDatasetTitles(folder);
  const earlier = startOver ? [] : await readAcceptedBefore(folder);
  const decisions = startOver ? [] : await readDecisions(join(folder, runFiles.decisions));
  await context.begin();
  const judgement = await judgeTitles({ outputs, titles, earlier }, options.similarityThreshold, context);
  const { rules, verdicts } = judgement;
  context.onProgress({ kind: 'note', message: rules.thresholdReason });
  context.onProgress({ kind: 'note', message: rules.runReason });
  await writeJudgement(work, judgement);
  const reviewed = applyDecisions(verdicts, decisions);
  const decided = reviewed.filter(({ decision }) => decision !== undefined).length;
  if (decided > 0) {
    context.onProgress({ kind: 'note', message: `${decided} outputs are as decided in review` });
  }
  await writeVerdicts(work, reviewed);
  return countVerdicts(verdicts);
}

interface JudgedTitles {
  readonly outputs: readonly GeneratedText[];
  readonly titles: DatasetTitles;
  /** Titles accepted in earlier generations. */
  readonly earlier: readonly string[];
}

/**
 * Compares a run's generated titles with its training titles, and the held-out titles too, as the baseline. Matching
 * token sequences are counted in GPT-2's tokens whatever the model, so that runs are comparable.
 */
async function judgeTitles(
  { outputs, titles, earlier }: JudgedTitles,
  threshold: number | 'auto',
  context: WorkContext,
): Promise<Judgement> {
  const { train, validation } = titles;
  const index = createTitleIndex(train, encodeWords);
  return dedupe(outputs, index, { threshold, heldOut: validation, earlier }, context);
}
