import { join } from 'node:path';
import type { Judgement } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import type { DedupeCounts } from '../../common/stage-counts.js';
import { createTitleIndex } from '../../dedupe/comparison.js';
import { applyDecisions } from '../../dedupe/decisions.js';
import { countVerdicts, dedupe } from '../../dedupe/dedupe.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import { decisionsFileName, readDecisions } from '../../review/decision-log.js';
import { writeVerdicts } from '../../review/kept-titles.js';
import { readAcceptedBefore } from '../run/earlier-results.js';
import { writeJudgement } from '../run/judgement-file.js';
import { runFiles } from '../run/run-files.js';
import { readDatasetTitles } from './dataset.js';
import { readGenerated } from './generated-file.js';
import type { StageJob } from './stage.js';

/**
 * generated.jsonl and dataset/ → judgement.json, which report, review and serve read; together with the decisions made in
 * review → accepted.txt and rejected.csv.
 */
export async function runDedupe({ folder, options }: StageJob, context: WorkContext): Promise<DedupeCounts> {
  const judgement = await judgeRun(folder, options.similarityThreshold, context);
  const { rules, verdicts } = judgement;
  context.onProgress({ kind: 'note', message: rules.thresholdReason });
  context.onProgress({ kind: 'note', message: rules.runReason });
  await writeJudgement(folder, judgement);
  const outputs = applyDecisions(verdicts, await readDecisions(join(folder, decisionsFileName)));
  const reviewed = outputs.filter(({ decision }) => decision !== undefined).length;
  if (reviewed > 0) {
    context.onProgress({ kind: 'note', message: `${reviewed} outputs are as decided in review` });
  }
  await writeVerdicts(folder, outputs);
  return countVerdicts(verdicts);
}

/**
 * Compares a run's generated titles with its training titles, and the held-out titles too, as the baseline. Matching
 * token sequences are counted in GPT-2's tokens whatever the model, so that runs are comparable.
 */
async function judgeRun(
  folder: string,
  threshold: number | 'auto',
  context: WorkContext,
): Promise<Judgement> {
  const outputs = await readGenerated(join(folder, runFiles.generated));
  const { train, validation } = await readDatasetTitles(folder);
  const index = createTitleIndex(train, encodeWords);
  const earlier = await readAcceptedBefore(folder);
  return dedupe(outputs, index, { threshold, heldOut: validation, earlier }, context);
}
