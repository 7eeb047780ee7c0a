/** What the command line does, for use from code. Every function documents its errors; all are TitlesmithError. */
export { exitCodes, InterruptedError, TitlesmithError } from './common/errors.js';
export {
  type ProgressEvent,
  type ProgressListener,
  silentContext,
  type WorkContext,
} from './common/progress.js';
export { type Comparison, compareTexts, createTitleIndex, type TitleIndex } from './dedupe/compare.js';
export { type CopyMeter, createCopyMeter } from './dedupe/copy-meter.js';
export {
  countVerdicts,
  type DedupeOptions,
  dedupe,
  type GeneratedOutput,
  type Judgement,
  type Verdict,
} from './dedupe/dedupe.js';
export { applyDecisions, type ReviewedOutput } from './dedupe/reviewed.js';
export { createSimilarityIndex, type Match, type SimilarityIndex } from './dedupe/similarity-index.js';
export { type OverfitStatistics, overfitStatistics } from './dedupe/statistics.js';
export { createTitleJudge, type TextJudgement, type TitleJudge } from './dedupe/title-judge.js';
export { writeVerdicts } from './dedupe/verdict-files.js';
export type { DeviceChoice } from './model/engine/device-names.js';
export { type DeviceReport, listDevices } from './model/engine/devices.js';
export { createOnnxRuntimeEngine } from './model/engine/onnxruntime.js';
export { openEngine } from './model/engine/open-engine.js';
export type { DecodeSession, GeneratedText } from './model/generation/contract.js';
export { generateTexts } from './model/generation/generate.js';
export {
  createModel,
  type GenerateOptions,
  generate,
  loadModel,
  type Model,
  type ModelOptions,
} from './model/generation/model.js';
export { type GenerationOptions, generationDefaults } from './model/generation/options.js';
export { readConfiguration, readWeights } from './model/gpt2/checkpoint.js';
export { type Gpt2Configuration, nanoConfiguration } from './model/gpt2/configuration.js';
export { openDecodeSession } from './model/gpt2/decoder.js';
export { type HubSettings, hubSettings } from './model/gpt2/hub/settings.js';
export { locateModel, openModel, type ResolvedModel, resolveModel } from './model/gpt2/resolve-model.js';
export { storedWeights, type WeightSource } from './model/gpt2/weight-source.js';
export type { Tokenizer } from './model/tokenizer/contract.js';
export { gpt2Tokenizer } from './model/tokenizer/gpt2.js';
export { loadTokenizer } from './model/tokenizer/load.js';
export { restrictedTokenizer } from './model/tokenizer/restricted.js';
export type { MetricsLine, TrainingOptions, TrainingResult } from './model/training/contract.js';
export {
  readDataset,
  splitTitles,
  writeDataset,
  writeSplitDataset,
} from './model/training/dataset.js';
export { finetune } from './model/training/finetune.js';
export type { FinetuneInput, TrainingSamples } from './model/training/input.js';
export { TokenFile, writeTokens } from './model/training/token-file.js';
export { tokenizeTitles } from './model/training/tokens.js';
export { type ExportedRun, exportRun } from './pipeline/archive/export-run.js';
export { type ImportOptions, importRun } from './pipeline/archive/import-run.js';
export { type BatchRequest, runBatches } from './pipeline/batch/batch-command.js';
export { mergeBatch } from './pipeline/batch/merge.js';
export { cleanTitle, cleanTitles } from './pipeline/cleaning/clean.js';
export { extractTitles } from './pipeline/cleaning/extract.js';
export { readTitles } from './pipeline/cleaning/titles-file.js';
export { Console } from './pipeline/console.js';
export { type ExportRequest, exportModel } from './pipeline/export-model.js';
export { listenForInterrupt } from './pipeline/interrupt.js';
export { type EncodeCsvOptions, encodeCsv } from './pipeline/library/encode-csv.js';
export { type FinetuneTitlesOptions, finetuneTitles } from './pipeline/library/finetune-titles.js';
export { type GenerateToFileOptions, generateToFile } from './pipeline/library/generate-to-file.js';
export { downloadModel, isDownloaded } from './pipeline/library/models.js';
export type { Manifest } from './pipeline/manifest.js';
export { openReview } from './pipeline/open-review.js';
export { type OpenedServed, openServed } from './pipeline/open-served.js';
export type { RunOptions } from './pipeline/option-table.js';
export { runPipeline } from './pipeline/run-pipeline.js';
export { runSingleStage } from './pipeline/run-single-stage.js';
export type { SourceRow, TitleQuery, TitleSource } from './pipeline/sources/contract.js';
export { openSource } from './pipeline/sources/open.js';
export type { ReportFigures, ReportInput } from './report/contract.js';
export { buildReport } from './report/figures.js';
export { renderReport } from './report/page.js';
export { writeReport } from './report/report-files.js';
export { startReview } from './review/server.js';
export type { ModelFacts, Served, ServeSettings } from './serve/contract.js';
export { type Server, startServer } from './serve/server.js';
