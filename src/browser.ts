/** What runs without Node, for use from code of pages: `import … from 'titlesmith/browser'` (docs/browser.md). */

export { type BrowserRuns, openBrowserRuns, openMemoryRuns } from './browser/browser-runs.js';
export { generateFrom } from './browser/generate-texts.js';
export type { RunArchive } from './browser/run/archived-run.js';
export type { BrowserRun, ComputingDevice, TrainingContext } from './browser/run/browser-run.js';
export type { GenerationContext } from './browser/run/generation-work.js';
export {
  type DroppedTitle,
  readDatasetOf,
  readDroppedOf,
  readLossesOf,
  readMetricsOf,
  readTitlesOf,
} from './browser/run/stored-files.js';
export type { FileContent, FileStore, StoredFile } from './browser/storage/file-store.js';
export { storedFolder } from './browser/storage/stored-text.js';
export type { TitleFile } from './browser/titles/dropped-files.js';
export { readTitles, type TitleInput } from './browser/titles/read-titles.js';
export { type StartingModel, type TitleTraining, trainOnTitles } from './browser/train-on-titles.js';
export { InterruptedError, TitlesmithError } from './common/errors.js';
export type { Judgement, OverfitStatistics, TextJudgement, Verdict } from './common/judgement.js';
export {
  type ProgressEvent,
  type ProgressListener,
  silentContext,
  type WorkContext,
} from './common/progress.js';
export type {
  DatasetCounts,
  DedupeCounts,
  ExtractCounts,
  FinetuneCounts,
  GenerateCounts,
  ReportCounts,
} from './common/stage-counts.js';
export type { TitleLosses } from './common/title-losses.js';
export { cleanTitle } from './data/cleaning/clean-titles.js';
export { splitTitles } from './data/title-split.js';
export { type BaseTitles, decodeBaseTitles } from './dedupe/base-titles.js';
export { type ByteFolder, sourcesFolder } from './io/byte-folder.js';
export { type ByteSource, blobSource, memorySource } from './io/byte-source.js';
export type { Engine } from './model/engine/engine.js';
export { runtimeFiles } from './model/engine/onnxruntime-web/runtime.js';
export {
  findWebDevice,
  openWebEngine,
  type WebDevice,
  type WebEngineOptions,
} from './model/engine/onnxruntime-web/web-engine.js';
export type { GeneratedText } from './model/generation/sequence.js';
export type { MetricsLine } from './model/training/training-storage.js';
export { baseName } from './model/weights/base-model.js';
export { modelDescription, modelWeights } from './model/weights/checkpoint-files.js';
export { Communities } from './model/weights/communities.js';
export { openModelIn } from './model/weights/folder-model.js';
export type { OpenModel } from './model/weights/open-model.js';
export type { StreamedFile } from './model/weights/safetensors-bytes.js';
export type { RunOptions } from './options/option-table.js';
export type { ReportFigures } from './report/report-figures.js';
export { renderReport } from './report/report-page.js';
export { judgeTitles, outputOf } from './run/judged-titles.js';
export type { Manifest } from './run/manifest.js';
export { reportOnRun } from './run/report-on-run.js';
