/** The commands; `merge` is typed as `batch merge`, `compareBatches` as `batch compare`. */
export const commandNames = [
  'pipeline',
  'finetune',
  'generate',
  'dedupe',
  'report',
  'list',
  'show',
  'compare',
  'plot',
  'prune',
  'models',
  'info',
  'communities',
  'score',
  'devices',
  'review',
  'serve',
  'export',
  'import',
  'batch',
  'merge',
  'compareBatches',
] as const;
export type CommandName = (typeof commandNames)[number];

/** The stages, in the order they run. */
export const stageNames = ['extract', 'dataset', 'finetune', 'generate', 'dedupe', 'report'] as const;
export type StageName = (typeof stageNames)[number];

/** Where titles may come from; `auto` is decided at the start of a run. */
export const sourceNames = ['auto', 'bigquery', 'duckdb', 'csv', 'sample'] as const;

/** What the overfit report may find. */
export const verdictNames = ['underfits', 'healthy', 'leans', 'overfits', 'unknown'] as const;

/** What titles may be conditioned on. */
export const conditionNames = ['subreddit', 'keywords'] as const;
export type ConditionName = (typeof conditionNames)[number];

/** Says, beside a model's weights, what it is prompted by. */
export const conditionFile = 'condition.json';

/** Libraries that run the model. */
export const engineNames = ['onnxruntime', 'tfjs'] as const;
export type EngineName = (typeof engineNames)[number];

/** Devices that can run the model. */
export const deviceNames = ['cpu', 'webgpu', 'cuda'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** What may end a training before its steps are done: the held-out loss, copies among the samples, or either. */
export const stopRules = ['loss', 'copies', 'both'] as const;
export type StopRule = (typeof stopRules)[number];

/** What the best of several candidates for a text is chosen by. */
export const rankings = ['probability', 'novelty', 'both'] as const;
export type Ranking = (typeof rankings)[number];

/** How the learning rate decays after the warm-up. */
export const scheduleNames = ['cosine', 'linear', 'constant'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/**
 * Type that training rounds the factors of matrix products to, while weights, moments and the rest stay float32: `off`
 * float32, `tf32` float32 with a significand of 11 bits.
 */
export const mixedPrecisions = ['off', 'tf32', 'float16'] as const;
export type MixedPrecision = (typeof mixedPrecisions)[number];

/**
 * What training multiplies frozen matrices in when adapters are trained: as they are, or they and what they multiply
 * quantized to 8 bits.
 */
export const frozenPrecisions = ['float32', 'int8'] as const;

/**
 * Precision of generation: exactly as trained; the blocks' matrices, keys and values in float16, on a device that supports
 * it; or matrices and the activations they multiply quantized to 8 bits.
 */
export const precisions = ['float32', 'float16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

/**
 * What marks the start and end of titles. `token`: the single id 50256 before and after a title, as titlesmith trains.
 * `text`: `<|startoftext|>` and `<|endoftext|>` as plain text, as gpt-2-simple trains on files.
 */
export const delimiters = ['token', 'text'] as const;
export type Delimiters = (typeof delimiters)[number];

/** Formats a model can be exported to. */
export const exportFormats = ['onnx', 'huggingface', 'gguf'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Types of the matrices in a GGUF file that is written: float32, float16, or 8 bits with a scale for every 32. */
export const ggufTypes = ['f32', 'f16', 'q8_0'] as const;
export type GgufType = (typeof ggufTypes)[number];

/**
 * What is plotted of runs: losses over training, the share of copies among its samples, its learning rate; the ratings of outputs beside
 * those of held-out titles, the losses of single titles.
 */
export const plotNames = ['losses', 'copies', 'learning-rate', 'ratings', 'title-losses'] as const;
export type PlotName = (typeof plotNames)[number];

/** Formats of a picture. */
export const pictureFormats = ['svg', 'png'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

/** Colours of a picture. */
export const themeNames = ['light', 'dark'] as const;
export type ThemeName = (typeof themeNames)[number];
