import type { ConditionName } from '../common/conditioning.js';
import { deviceNames, engineNames } from '../model/engine/device-names.js';
import { decidedValue, flag, list, type OptionSpecification, value } from './option-specification.js';
import {
  bytes,
  choice,
  condition,
  decimal,
  integer,
  month,
  path,
  runName,
  subreddit,
  text,
  threshold,
  truth,
} from './option-values.js';
import { stageNames } from './stage-names.js';

/** Values that the source's own fingerprint stands for. */
const identifiedBySource = { group: 'Titles', stages: [] } as const;
/** Values that change how titles are asked for, not which they are. */
const asked = { group: 'Titles', stages: [] } as const;
const titles = { group: 'Titles', stages: ['extract'] } as const;
const training = { group: 'Training', stages: ['finetune'] } as const;
const generation = { group: 'Generation', stages: ['generate'] } as const;
const review = { group: 'Review', stages: ['dedupe'] } as const;
const run = { group: 'Run', stages: [] } as const;
const million = 1_000_000;
const byModel = 'depends on the model';

/** Every option of every command. Names and defaults are gpt-2-simple's where it has the notion. */
export const optionTable = {
  subreddit: list('<name...>', subreddit, {
    ...titles,
    help: 'Subreddits to learn from; each becomes a run of its own.',
  }),
  source: value('<source>', choice('auto', 'bigquery', 'duckdb', 'csv', 'sample'), 'auto', {
    ...identifiedBySource,
    help: 'Where titles come from: auto, bigquery, duckdb (dumps: NDJSON, CSV, Parquet), csv (titles alone) or sample.',
  }),
  input: list('<path...>', path, {
    ...identifiedBySource,
    help: 'Files for the duckdb and csv sources; patterns such as RS_*.ndjson.gz too.',
  }),
  column: decidedValue('<name>', text, {
    ...titles,
    help: 'Column of a CSV that holds the titles, by name or number.',
    defaultInWords: 'title',
  }),
  header: decidedValue('<true|false>', truth, {
    ...titles,
    help: 'Whether the first record of a CSV names the columns.',
    defaultInWords: 'found out',
  }),
  strict: flag({
    ...identifiedBySource,
    help: 'Fail at the first line of a dump that is no post, instead of counting such lines; parses every line.',
  }),
  project: decidedValue('<id>', text, {
    ...titles,
    help: 'Google Cloud project that pays for the query.',
    defaultInWords: "the credentials' own",
  }),
  location: decidedValue('<region>', text, {
    ...asked,
    help: 'Region of the tables in BigQuery.',
    defaultInWords: 'found out by BigQuery',
  }),
  table: decidedValue('<project.dataset>', text, {
    ...identifiedBySource,
    help: 'Dataset in BigQuery with a table a month, of the same shape.',
    defaultInWords: 'fh-bigquery.reddit_posts',
  }),
  maxBytesBilled: value('<bytes>', bytes, 100 * 2 ** 30, {
    ...asked,
    help: 'Most that one query of BigQuery may read, in bytes, GB or GiB.',
    defaultInWords: '100GiB, some $0.61',
  }),
  dryRun: flag({ ...asked, help: 'Say what the query of BigQuery would read and cost, and stop there.' }),
  from: decidedValue('<month>', month, { ...titles, help: 'First month of posts, YYYY-MM.' }),
  to: decidedValue('<month>', month, { ...titles, help: 'Last month of posts, YYYY-MM, included.' }),
  addMonths: flag({
    ...titles,
    help: 'Keep the titles of months asked for before: ask for those of --from to --to that are new, and add them.',
  }),
  limit: value('<count>', integer(1, 10 * million), 16_000, {
    ...titles,
    help: 'At most this many titles of a subreddit, the highest scores first.',
  }),
  minLength: value('<characters>', integer(1, 300), 8, { ...titles, help: 'Shorter titles are dropped.' }),
  validationShare: value('<share>', decimal({ minimum: 0.01, maximum: 0.5 }), 0.1, {
    group: 'Titles',
    stages: ['dataset'],
    help: 'Share of the titles held out to measure the model.',
  }),
  condition: value<readonly ConditionName[]>('<names>', condition, [], {
    group: 'Titles',
    stages: ['extract', 'dataset', 'generate'],
    help:
      'What titles are prompted by: subreddit, keywords, or subreddit,keywords. With subreddit, all of --subreddit become ' +
      'one run, whose model is prompted by name.',
    defaultInWords: 'nothing',
  }),
  model: value('<model>', text, 'auto', {
    group: 'Model',
    stages: [],
    help: 'auto; nano (a small GPT-2 trained from scratch); 124M, 355M, 774M, 1558M, distil; a Hugging Face id; or a folder.',
  }),
  device: value('<device>', choice('auto', ...deviceNames), 'auto', {
    group: 'Device',
    stages: [],
    help: 'What computes: cpu; webgpu (any graphics card); cuda (NVIDIA); or auto, the first of cuda, webgpu and cpu that works.',
  }),
  engine: value('<engine>', choice(...engineNames), 'onnxruntime', {
    group: 'Device',
    stages: [],
    help: 'Library that runs the model: onnxruntime, or tfjs where a package of TensorFlow.js is installed.',
  }),
  threads: decidedValue('<count>', integer(1, 1024), {
    group: 'Device',
    stages: [],
    help: 'Threads of the engine.',
    defaultInWords: 'one a core',
  }),
  steps: decidedValue('<count>', integer(1, million), {
    ...training,
    help: 'Optimizer steps.',
    defaultInWords: 'from --max-epochs',
  }),
  maxEpochs: decidedValue('<count>', decimal({ minimum: 0, maximum: 10_000, above: true }), {
    ...training,
    help: 'Passes over the training titles after which training ends, where --steps is not given.',
    defaultInWords: byModel,
    alias: '--epochs',
  }),
  restoreFrom: decidedValue('<latest|fresh|path>', path, {
    group: 'Training',
    stages: [],
    help:
      'Begin with the last checkpoint of the run, also on other titles or options (latest); train anew (fresh); or ' +
      'start from the weights of a run or checkpoint folder, ours or of gpt-2-simple, whatever --model says.',
    defaultInWords: 'go on with a training that was cut short',
  }),
  batchSize: decidedValue('<rows>', integer(1, 4096), {
    ...training,
    help: 'Rows of packed titles a step.',
    defaultInWords: byModel,
  }),
  accumulateGradients: decidedValue('<batches>', integer(1, 4096), {
    ...training,
    help: 'Batches whose gradients add up to one step.',
    defaultInWords: byModel,
  }),
  rowLength: decidedValue('<tokens>', integer(8, 1024), {
    ...training,
    help: 'Tokens in a row.',
    defaultInWords: 'fits the longest title',
  }),
  learningRate: decidedValue('<rate>', decimal({ minimum: 0, maximum: 1, above: true }), {
    ...training,
    help: 'Peak learning rate of AdamW.',
    defaultInWords: byModel,
  }),
  warmupSteps: decidedValue('<steps>', integer(0, million), {
    ...training,
    help: 'Steps over which the learning rate rises to its peak.',
    defaultInWords: byModel,
  }),
  schedule: decidedValue('<schedule>', choice('cosine', 'linear', 'constant'), {
    ...training,
    help: 'How the learning rate falls after that: cosine, linear or constant.',
    defaultInWords: byModel,
  }),
  weightDecay: decidedValue('<rate>', decimal({ minimum: 0, maximum: 1 }), {
    ...training,
    help: "AdamW's weight decay, of the matrices in the blocks alone.",
    defaultInWords: byModel,
  }),
  clipNorm: value('<norm>', decimal({ minimum: 0, maximum: million, above: true }), 1, {
    ...training,
    help: 'Norm of all gradients together above which they are scaled down.',
  }),
  dropout: value('<share>', decimal({ minimum: 0, maximum: 0.9 }), 0, {
    ...training,
    help: 'Share of activations left out at random, after the embeddings, in attention and after each sub-block.',
  }),
  onlyTrainTransformerLayers: flag({ ...training, help: 'Leave the embeddings as they are.' }),
  loraRank: decidedValue('<rank>', integer(1, 1024), {
    ...training,
    help: 'Train low-rank adapters of this rank instead of all weights.',
    defaultInWords: 'all weights',
  }),
  recompute: flag({
    ...training,
    help: 'Compute activations again instead of keeping them: slower, in less memory.',
    alias: '--use-memory-saving-gradients',
  }),
  saveEvery: decidedValue('<steps>', integer(1, million), {
    ...training,
    help: 'Steps between checkpoints.',
    defaultInWords: byModel,
  }),
  sampleEvery: decidedValue('<steps>', integer(0, million), {
    ...training,
    help: 'Steps between samples of what the model says while it learns (samples/); 0: none.',
    defaultInWords: byModel,
  }),
  sampleNum: value('<count>', integer(1, 10_000), 32, { ...training, help: 'Texts of one such sample.' }),
  sampleLength: value('<tokens>', integer(1, 1023), 64, {
    ...training,
    help: 'Most tokens of a text of a sample.',
  }),
  printEvery: decidedValue('<steps>', integer(1, million), {
    ...training,
    help: 'Steps between progress lines and lines of metrics.jsonl.',
    defaultInWords: byModel,
  }),
  evaluateEvery: decidedValue('<steps>', integer(1, million), {
    ...training,
    help: 'Steps between measurements on the held-out titles.',
    defaultInWords: byModel,
  }),
  patience: decidedValue('<count>', integer(1, million), {
    ...training,
    help: 'Measurements without a better validation loss after which training stops.',
    defaultInWords: byModel,
  }),
  nsamples: value('<count>', integer(1, million), 200, { ...generation, help: 'Titles to generate.' }),
  length: value('<tokens>', integer(1, 1023), 64, {
    ...generation,
    help: 'Most tokens in a generated title.',
  }),
  temperature: value('<number>', decimal({ minimum: 0, maximum: 100 }), 0.7, {
    ...generation,
    help: 'How adventurous sampling is; 0 always takes the likeliest token.',
  }),
  topK: value('<count>', integer(0, 50_257), 0, {
    ...generation,
    help: 'Sample from the k likeliest tokens; 0 is off.',
  }),
  topP: value('<share>', decimal({ minimum: 0, maximum: 1 }), 0, {
    ...generation,
    help: 'Sample from the likeliest tokens that make up this share; 0 is off.',
  }),
  prefix: decidedValue('<text>', text, { ...generation, help: 'Text every title begins with.' }),
  prefixFile: decidedValue('<path>', path, {
    ...generation,
    help: 'File of prefixes, one a line; --nsamples titles are generated of each.',
  }),
  truncate: decidedValue('<text>', text, {
    ...generation,
    help: 'Text at which a title ends.',
    defaultInWords: 'the end token',
  }),
  includePrefix: value('<true|false>', truth, true, {
    ...generation,
    help: 'Keep the prefix in the titles.',
  }),
  delimiters: value('<token|text>', choice('token', 'text'), 'token', {
    ...generation,
    help:
      'What stands around titles for the model: the end token, or <|startoftext|> and <|endoftext|> as text, as ' +
      'gpt-2-simple trains.',
  }),
  precision: value('<precision>', choice('float32', 'int8'), 'float32', {
    ...generation,
    help: 'float32, or int8: weights in 8 bits, faster and slightly less exact.',
  }),
  slots: value('<count>', integer(1, 4096), 64, {
    group: 'Generation',
    stages: [],
    help: 'Titles generated side by side; changes none of them. The generate command takes --batch-size for it too.',
  }),
  sampleDelim: value('<text>', text, `${'='.repeat(20)}\n`, {
    group: 'Generation',
    stages: [],
    help: 'Text between titles that the generate command prints.',
    defaultInWords: 'a line of 20 equals signs',
  }),
  similarityThreshold: value<number | 'auto'>('<rating>', threshold, 0.8, {
    ...review,
    help:
      'Similarity to a training title, 0 to 1, from which a title is refused as a near copy; auto: the lowest at ' +
      'which at most 1% of the held-out titles would be refused.',
  }),
  failOnOverfit: flag({
    group: 'Review',
    stages: [],
    help: 'End with exit code 3 when the report finds that the model overfits.',
  }),
  seed: value('<number>', integer(0, 2 ** 32 - 1), 1, {
    group: 'Run',
    stages: ['finetune', 'generate'],
    help: 'Seed of all randomness.',
  }),
  runName: decidedValue('<name>', runName, {
    ...run,
    help: 'Folder name of the run.',
    defaultInWords: 'the subreddit',
  }),
  runsDir: value('<folder>', path, 'runs', { ...run, help: 'Where run folders are kept.' }),
  until: value('<stage>', choice(...stageNames), 'report', {
    ...run,
    help: `Last stage to run: ${stageNames.join(', ')}.`,
  }),
  overwrite: flag({ ...run, help: 'Remove what an earlier run of that name left, and start anew.' }),
  json: flag({ ...run, help: 'Print JSON lines instead of text.' }),
} as const;

export type OptionName = keyof typeof optionTable;

/** The value of every option. */
export type RunOptions = {
  readonly [Name in OptionName]: (typeof optionTable)[Name] extends OptionSpecification<infer Value>
    ? Value
    : never;
};
