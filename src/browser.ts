/** What runs without Node, for use from code of pages: `import … from 'titlesmith/browser'` (docs/browser.md). */

export type {
  BrowserRun,
  BrowserRuns,
  ComputingDevice,
  DroppedTitle,
  GenerationContext,
  StartingModel,
  TitleInput,
  TrainingContext,
} from './browser/browser-run.js';
export type { FileStore, StoredFile } from './browser/storage/file-store.js';
export type { TitleFile } from './browser/titles/dropped-files.js';
export { InterruptedError, TitlesmithError } from './common/errors.js';
export type { Judgement, OverfitStatistics, TextJudgement, Verdict } from './common/judgement.js';
export {
  type ProgressEvent,
  type ProgressListener,
  silentContext,
  type WorkContext,
} from './common/progress.js';
export type { ExtractCounts } from './common/stage-counts.js';
export type { TitleLosses } from './common/title-losses.js';
export { cleanTitle } from './data/cleaning/clean-titles.js';
export { splitTitles } from './data/title-split.js';
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
export { modelDescription, modelWeights } from './model/weights/checkpoint-files.js';
export { openModelIn } from './model/weights/folder-model.js';
export type { OpenModel } from './model/weights/open-model.js';
export type { StreamedFile } from './model/weights/safetensors-bytes.js';
export type { RunOptions } from './options/option-table.js';
export type { ReportFigures } from './report/report-figures.js';
export { renderReport } from './report/report-page.js';
export type { Manifest } from './run/manifest.js';
