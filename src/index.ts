/** What the command line does, for use from code. Every function documents its errors; all are TitlesmithError. */

export { type ExportedRun, type ExportRunOptions, exportRun } from './archive/export-run.js';
export { type ImportOptions, importRun } from './archive/import-run.js';
export type { BatchContext, BatchEvent, BatchOutcome, BatchResult } from './batch/batch-result.js';
export { type MergedBatch, mergeBatch } from './batch/merge-shards.js';
export { type BatchRequest, runBatches } from './batch/run-batches.js';
export { InterruptedError, TitlesmithError } from './common/errors.js';
export type { CopyRules, Judgement, OverfitStatistics, TextJudgement, Verdict } from './common/judgement.js';
export {
  type ProgressEvent,
  type ProgressListener,
  silentContext,
  type WorkContext,
} from './common/progress.js';
export { cleanTitle, cleanTitles } from './data/cleaning/clean-titles.js';
export { readDataset, writeDataset, writeSplitDataset } from './data/dataset-files.js';
export { extractTitles } from './data/extract.js';
export { openSource } from './data/sources/open-source.js';
export type { SourceRow, TitleQuery, TitleSource } from './data/sources/title-source.js';
export { splitTitles } from './data/title-split.js';
export { readTitles } from './data/titles-file.js';
export { type BaseTitles, decodeBaseTitles } from './dedupe/base-titles.js';
export { type Comparison, compareTexts, createTitleIndex, type TitleIndex } from './dedupe/comparison.js';
export { applyDecisions, type ReviewedOutput } from './dedupe/decisions.js';
export { countVerdicts, type DedupeOptions, dedupe, type GeneratedOutput } from './dedupe/dedupe.js';
export type { SentenceEmbedder } from './dedupe/meaning.js';
export { createSimilarityIndex, type Match, type SimilarityIndex } from './dedupe/similarity-index.js';
export { createTitleJudge, type JudgeOptions, type TitleJudge } from './dedupe/title-judge.js';
export { overfitStatistics } from './dedupe/verdict/statistics.js';
export { readBaseFingerprints } from './io/base-fingerprints.js';
export { openSentenceModel, type SentenceModelRequest } from './model/embedding/sentence-model.js';
export type { DeviceChoice } from './model/engine/device-choice.js';
export { type DeviceReport, listDevices } from './model/engine/devices.js';
export { createOnnxRuntimeEngine } from './model/engine/onnxruntime/cpu-engine.js';
export { openEngine } from './model/engine/open-engine.js';
export { type GenerationOptions, generationDefaults } from './model/generation/generation-options.js';
export type { GeneratedText } from './model/generation/sequence.js';
export { gpt2Tokenizer } from './model/tokenizer/gpt2.js';
export { restrictedTokenizer } from './model/tokenizer/restricted.js';
export { tokenizeTitles } from './model/tokenizer/tokenized-titles.js';
export type { Tokenizer } from './model/tokenizer/tokenizer.js';
export type { TrainingResult, TrainingSamples } from './model/training/training-loop.js';
export type { TrainingOptions } from './model/training/training-options.js';
export type { MetricsLine, SampledCopies } from './model/training/training-storage.js';
export { nanoConfiguration, type TransformerConfiguration } from './model/transformer/configuration.js';
export type { DecodeSession } from './model/transformer/decode-session.js';
export { openDecodeSession } from './model/transformer/decode-session.js';
export { storedWeights, type WeightSource } from './model/transformer/weight-source.js';
export { readConfiguration, readWeights } from './model/weights/checkpoint.js';
export { Communities } from './model/weights/communities.js';
export { type HubSettings, hubSettings } from './model/weights/hub/settings.js';
export { loadTokenizer } from './model/weights/load-tokenizer.js';
export { locateModel, openModel, type ResolvedModel, resolveModel } from './model/weights/resolve-model.js';
export type { RunOptions } from './options/option-table.js';
export { type ExportRequest, exportModel } from './pipeline/export-model.js';
export { type EncodeCsvOptions, encodeCsv } from './pipeline/library/encode-csv.js';
export {
  type FinetuneInput,
  type FinetuneTitlesOptions,
  finetune,
  finetuneTitles,
} from './pipeline/library/finetune.js';
export {
  createModel,
  downloadModel,
  type GenerateOptions,
  type GenerateToFileOptions,
  generate,
  generateTexts,
  generateToFile,
  isDownloaded,
  type LoadModelOptions,
  loadModel,
  type Model,
  type ModelOptions,
} from './pipeline/library/model.js';
export {
  type ScoredTitleList,
  type ScoreTitlesOptions,
  scoreTitles,
} from './pipeline/library/score-titles.js';
export { openReview } from './pipeline/open-review.js';
export { type OpenedServedModel, openServedModel } from './pipeline/open-served-model.js';
export { type OpenedServedModels, openServedModels } from './pipeline/open-served-models.js';
export {
  type FailedRun,
  type PipelineContext,
  type PipelineEvent,
  type PipelineResult,
  type RunResult,
  runPipeline,
} from './pipeline/pipeline.js';
export type { FinishedRun } from './pipeline/run-stages.js';
export { runSingleStage } from './pipeline/run-stages.js';
export { readBaseCommunities } from './pipeline/stages/base-communities.js';
export { reportAssets, writeReport } from './pipeline/stages/report.js';
export type { StageContext } from './pipeline/stages/stage.js';
export { TokenFile, writeTokens } from './pipeline/stages/token-file.js';
export type { TitleScore, TotalScore } from './pipeline/title-scores.js';
export { buildReport } from './report/build-report.js';
export type { ReportFigures, ReportInput } from './report/report-figures.js';
export { renderReport } from './report/report-page.js';
export { writeVerdicts } from './review/kept-titles.js';
export { startReview } from './review/server.js';
export type { Manifest } from './run/manifest.js';
export type { ModelFacts, ServedModel, ServeSettings } from './serve/served-model.js';
export { type Server, startServer } from './serve/server.js';
