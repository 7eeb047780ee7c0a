import { mixedPrecisions, scheduleNames } from '../choices.js';
import { decidedValue, flag, value } from '../option-specification.js';
import { choice, decimal, integer, path } from '../option-values.js';

const training = { group: 'Training', stages: ['finetune'] } as const;
const million = 1_000_000;
const byModel = 'depends on the model';

/** Options of a training. */
export const trainingOptions = {
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
  schedule: decidedValue('<schedule>', choice(...scheduleNames), {
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
  mixedPrecision: decidedValue('<off|float16>', choice(...mixedPrecisions), {
    ...training,
    help:
      'float16: compute matrix products in it, on a device that has it; weights, moments, sums and the loss stay ' +
      'float32, and the loss is scaled.',
    defaultInWords: 'off',
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
} as const;
