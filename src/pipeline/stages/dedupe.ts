import { join } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import { applyDecisions } from '../../dedupe/decisions.js';
import { countVerdicts } from '../../dedupe/dedupe.js';
import { decisionsFileName, readDecisions } from '../../review/decision-log.js';
import { writeVerdicts } from '../../review/verdict-files.js';
import type { DedupeCounts } from './counts.js';
import { judgeRun } from './judge.js';
import type { StageJob } from './stage-job.js';

/** generated.jsonl, dataset/ and what people decided in review → accepted.txt and rejected.csv. */
export async function runDedupe({ folder, options }: StageJob, context: WorkContext): Promise<DedupeCounts> {
  const { rules, verdicts } = await judgeRun(folder, options.similarityThreshold, context);
  context.onProgress({ kind: 'note', message: rules.thresholdReason });
  context.onProgress({ kind: 'note', message: rules.runReason });
  const outputs = applyDecisions(verdicts, await readDecisions(join(folder, decisionsFileName)));
  const reviewed = outputs.filter(({ decision }) => decision !== undefined).length;
  if (reviewed > 0) {
    context.onProgress({ kind: 'note', message: `${reviewed} outputs are as decided in review` });
  }
  await writeVerdicts(folder, outputs);
  return countVerdicts(verdicts);
}
