import { join } from 'node:path';
import { plantedTexts } from '../../common/canaries.js';
import type { Judgement } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import type { DedupeCounts } from '../../common/stage-counts.js';
import { type BaseTitles, decodeBaseTitles } from '../../dedupe/base-titles.js';
import { createTitleIndex } from '../../dedupe/comparison.js';
import { applyDecisions } from '../../dedupe/decisions.js';
import { countVerdicts, dedupe, type GeneratedOutput } from '../../dedupe/dedupe.js';
import type { MeaningSearchStore, SentenceEmbedder } from '../../dedupe/meaning.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import { openSentenceModel } from '../../model/embedding/sentence-model.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import type { RunOptions } from '../../options/option-table.js';
import { readDecisions } from '../../review/decision-log.js';
import { writeVerdicts } from '../../review/kept-titles.js';
import { runFiles } from '../../run/run-files.js';
import { descendsFromBase } from '../run/base-descent.js';
import { readCanaries } from '../run/canaries-file.js';
import { readAcceptedBefore } from '../run/earlier-results.js';
import { writeJudgement } from '../run/judgement-file.js';
import { type DatasetTitles, readDatasetTitles } from './dataset.js';
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
  const outputs = (await readGenerated(join(folder, runFiles.generated))).map(toOutput);
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
  const { rules, verdicts } = judgement;
  context.onProgress({ kind: 'note', message: rules.thresholdReason });
  context.onProgress({ kind: 'note', message: rules.runReason });
  if (rules.meaningReason !== undefined) context.onProgress({ kind: 'note', message: rules.meaningReason });
  const aboutBase = rules.baseReason ?? (options.keepBaseCopies ? keepsNothing : undefined);
  if (aboutBase !== undefined) context.onProgress({ kind: 'note', message: aboutBase });
  await writeJudgement(work, judgement);
  const reviewed = applyDecisions(verdicts, decisions);
  const inReview = reviewed.filter(({ decision }) => decision !== undefined).length;
  if (inReview > 0) {
    context.onProgress({ kind: 'note', message: `${inReview} outputs are as decided in review` });
  }
  await writeVerdicts(work, reviewed);
  return countVerdicts(verdicts);
}

function toOutput({ index, text, turnedAway, chosen }: GeneratedText): GeneratedOutput {
  return { index, text, firstDraw: chosen?.first ?? turnedAway?.first };
}

const keepsNothing =
  '--keep-base-copies changes nothing: as far as is known, this model did not begin as the base model.';

interface JudgedTitles {
  readonly outputs: readonly GeneratedOutput[];
  readonly titles: DatasetTitles;
  /** Titles accepted in earlier generations. */
  readonly earlier: readonly string[];
  /** What the base model was trained on; undefined for a model that does not descend from it. */
  readonly baseTitles: BaseTitles | undefined;
  /** Invented titles that training planted; undefined: none. */
  readonly canaries: readonly string[] | undefined;
  /** Undefined: paraphrases are not looked for. */
  readonly embedder: SentenceEmbedder | undefined;
  readonly meaningStore: MeaningSearchStore | undefined;
}

/**
 * Compares a run's generated titles with its training titles, and the held-out titles too, as the baseline. Matching
 * token sequences are counted in GPT-2's tokens whatever the model, so that runs are comparable.
 */
async function judgeTitles(
  { outputs, titles, ...given }: JudgedTitles,
  { similarityThreshold: threshold, semanticThreshold: minimumCosine, keepBaseCopies }: RunOptions,
  context: WorkContext,
): Promise<Judgement> {
  const { train, validation } = titles;
  const index = createTitleIndex(train, encodeWords);
  const options = { ...given, threshold, minimumCosine, heldOut: validation, keepBaseCopies };
  return dedupe(outputs, index, options, context);
}
