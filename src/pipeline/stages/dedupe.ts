import type { WorkContext } from '../../common/progress.js';
import { countVerdicts } from '../../dedupe/dedupe.js';
import { writeVerdicts } from '../../dedupe/verdict-files.js';
import type { StageJob } from './contract.js';
import type { DedupeCounts } from './counts.js';
import { judgeRun } from './judge.js';

/** generated.jsonl and dataset/ → accepted.txt and rejected.csv. */
export async function runDedupe({ folder, options }: StageJob, context: WorkContext): Promise<DedupeCounts> {
  const { rules, verdicts } = await judgeRun(folder, options.similarityThreshold, context);
  context.onProgress({ kind: 'note', message: rules.thresholdReason });
  context.onProgress({ kind: 'note', message: rules.runReason });
  await writeVerdicts(folder, verdicts);
  return countVerdicts(verdicts);
}
