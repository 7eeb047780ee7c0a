import { join } from 'node:path';
import { plantedTexts } from '../../common/canaries.js';
import type { DedupeCounts } from '../../common/stage-counts.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { applyDecisions } from '../../dedupe/decisions.js';
import { countVerdicts } from '../../dedupe/dedupe.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import { openSentenceModel } from '../../model/embedding/sentence-model.js';
import { readDecisions } from '../../review/decision-log.js';
import { writeVerdicts } from '../../review/kept-titles.js';
import { judgeTitles, outputOf, remarksOn } from '../../run/judged-titles.js';
import { runFiles } from '../../run/run-files.js';
import { descendsFromBase } from '../run/base-descent.js';
import { readCanaries } from '../run/canaries-file.js';
import { readAcceptedBefore } from '../run/earlier-results.js';
import { writeJudgement } from '../run/judgement-file.js';
import { readDatasetTitles } from './dataset.js';
import { readGenerated } from './generated-file.js';
import { openSearchStore } from './meaning-search-store.js';
import type { StageJob, StageWorkContext } from './stage.js';

/**
 * generated.jsonl and dataset/ → judgement.json, which report, review and serve read; together with the decisions made in
 * review → accepted.txt and rejected.csv.
 */
export async function runDedupe(
  { folder, work, options, decisions: decided, startOver, resume }: StageJob,
  context: StageWorkContext,
): Promise<DedupeCounts> {
  const outputs = (await readGenerated(join(folder, runFiles.generated))).map(outputOf);
  const titles = await readDatasetTitles(folder);
  const earlier = startOver ? [] : await readAcceptedBefore(folder);
  const planted = await readCanaries(folder);
  const canaries = planted && plantedTexts(planted);
  const decisions = startOver ? [] : await readDecisions(join(folder, runFiles.decisions));
  const baseTitles = (await descendsFromBase(folder, decided))
    ? decodeBaseTitles(await readBaseFingerprints())
    : undefined;
  const sentenceModel = options.semantic
    ? await openSentenceModel(
        { name: options.semanticModel, hash: decided.sentenceModel?.hash, threads: options.threads },
        context,
      )
    : undefined;
  await context.begin();
  const store = sentenceModel && (await openSearchStore(work, resume));
  const given = {
    outputs,
    titles,
    earlier,
    baseTitles,
    canaries,
    embedder: sentenceModel,
    meaningStore: store,
  };
  const judgement = await judgeTitles(given, options, context);
  await sentenceModel?.dispose();
  await store?.remove();
  const { verdicts } = judgement;
  for (const message of remarksOn(judgement, options)) context.onProgress({ kind: 'note', message });
  await writeJudgement(work, judgement);
  const reviewed = applyDecisions(verdicts, decisions);
  const inReview = reviewed.filter(({ decision }) => decision !== undefined).length;
  if (inReview > 0) {
    context.onProgress({ kind: 'note', message: `${inReview} outputs are as decided in review` });
  }
  await writeVerdicts(work, reviewed);
  return countVerdicts(verdicts);
}
