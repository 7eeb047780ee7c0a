import { frozenPrecisions, mixedPrecisions, scheduleNames, stopRules } from '../choices.js';
import type { OptionRows } from '../option-row.js';

const around = { group: 'Training', commands: ['pipeline', 'finetune'] } as const;
const training = { ...around, stages: ['finetune'] } as const;
const million = 1_000_000;
const count = { ...training, type: 'integer', minimum: 1, maximum: million } as const;
/** For counts that change no weight of the model, so that changing them is no reason to train again. */
const unseen = { ...around, type: 'integer', minimum: 1, maximum: million } as const;

/** How a model is trained. */
export const trainingOptions = {
  steps: { ...count, argument: 'count', help: 'Optimizer steps.', defaultInWords: 'from --max-epochs' },
  maxEpochs: {
    ...training,
    type: 'number',
    minimum: 0,
    exclusiveMinimum: true,
    maximum: 10_000,
    // On the sample, more epochs from scratch lower the loss a little and double the copies. A pretrained model memorizes
    // titles after a few epochs; patience usually stops it earlier.
    defaultFor: { scratch: 5, pretrained: 4, base: 3, smollm2: 2 },
    argument: 'count',
    alias: 'epochs',
    help:
      'Passes over the training titles after which training ends, rounded up to a whole step, where --steps is not given. By default few titles get ' +
      'more: from scratch until 300 steps, with base up to 6 passes until 240.',
  },
  batchSize: {
    ...count,
    maximum: 4096,
    // 16 rows of 64 tokens are the 1,024 tokens of gpt-2-simple's step.
    defaultFor: { scratch: 16, pretrained: 16 },
    argument: 'rows',
    help: 'Rows of packed titles a step.',
  },
  accumulateGradients: {
    ...count,
    maximum: 4096,
    defaultFor: { scratch: 1, pretrained: 1 },
    argument: 'batches',
    help: 'Batches whose gradients add up to one step.',
  },
  rowLength: {
    // By default the shortest multiple of 16, at least 64, that fits the longest title.
    ...training,
    type: 'integer',
    minimum: 8,
    maximum: 1024,
    argument: 'tokens',
    help: 'Tokens in a row.',
    defaultInWords: 'fits the longest title',
  },
  learningRate: {
    ...training,
    type: 'number',
    minimum: 0,
    exclusiveMinimum: true,
    maximum: 1,
    // For pretrained weights as in gpt-2-simple's finetune; for adapters ten times that, as all that were measured want
    // (docs/models.md; Schulman, "LoRA Without Regret", 2025).
    defaultFor: {
      scratch: 2e-3,
      pretrained: 1e-4,
      adapters: 1e-3,
      base: 1e-4,
      baseAdapters: 1e-3,
      smollm2: 3e-4,
      smollm2Adapters: 3e-3,
    },
    argument: 'rate',
    help: 'Peak learning rate of AdamW.',
  },
  warmupSteps: {
    ...count,
    minimum: 0,
    // Adam's moments are noisy at first, and large early steps would damage pretrained weights.
    defaultFor: { scratch: 50, pretrained: 20 },
    argument: 'steps',
    help: 'Steps over which the learning rate rises to its peak.',
  },
  schedule: {
    ...training,
    type: 'choice',
    choices: scheduleNames,
    defaultFor: { scratch: 'cosine', pretrained: 'cosine' },
    argument: 'schedule',
    help: 'How the learning rate falls after that: cosine, linear or constant.',
  },
  weightDecay: {
    ...training,
    type: 'number',
    minimum: 0,
    maximum: 1,
    // Decay pulls pretrained weights away from what they have learned, so it is weaker for them.
    defaultFor: { scratch: 0.1, pretrained: 0.01 },
    argument: 'rate',
    help: "AdamW's weight decay, of the matrices in the blocks alone.",
  },
  clipNorm: {
    ...training,
    type: 'number',
    minimum: 0,
    exclusiveMinimum: true,
    maximum: million,
    default: 1,
    argument: 'norm',
    help: 'Norm of all gradients together above which they are scaled down.',
  },
  dropout: {
    ...training,
    type: 'number',
    minimum: 0,
    maximum: 0.9,
    // The base is small and was trained without: on six subreddits of 1,000 titles each, that and two more passes lower
    // the held-out loss (docs/training.md).
    defaultFor: { scratch: 0, pretrained: 0, base: 0.1 },
    argument: 'share',
    help: 'Share of activations left out at random, after the embeddings, in attention and after each sub-block.',
  },
  onlyTrainTransformerLayers: { ...training, type: 'switch', help: 'Leave the embeddings as they are.' },
  loraRank: {
    ...count,
    maximum: 1024,
    argument: 'rank',
    help: 'Train low-rank adapters of this rank instead of all weights.',
    defaultInWords: 'all weights',
  },
  frozenPrecision: {
    ...training,
    type: 'choice',
    choices: frozenPrecisions,
    implies: ['loraRank'],
    argument: 'float32|int8',
    help:
      'int8: multiply with frozen matrices in 8 bits while adapters are trained, on the processor: faster on one with ' +
      'VNNI. Evaluations and what is saved stay float32.',
    defaultInWords: 'float32',
  },
  recompute: {
    ...around,
    type: 'switch',
    alias: 'useMemorySavingGradients',
    help: 'Compute activations again instead of keeping them: slower, in less memory.',
  },
  mixedPrecision: {
    ...training,
    type: 'choice',
    choices: ['auto', ...mixedPrecisions],
    defaultFor: { scratch: 'auto', pretrained: 'auto' },
    argument: 'auto|off|tf32|float16',
    help:
      'What matrix products are computed in, on a device that has it: float16, with the loss scaled; tf32; off, float32; ' +
      'or auto, float16 on NVIDIA cards with matrix units by cuda, else off. Weights, moments and sums stay float32.',
  },
  saveEvery: {
    ...unseen,
    // A save writes three times the weights: for 124M 1.5 GB, every ten minutes or so on a small machine.
    defaultFor: { scratch: 50, pretrained: 100 },
    argument: 'steps',
    help: 'Steps between checkpoints.',
  },
  printEvery: {
    ...unseen,
    defaultFor: { scratch: 10, pretrained: 10 },
    argument: 'steps',
    help: 'Steps between progress lines and lines of metrics.jsonl.',
  },
  evaluateEvery: {
    ...count,
    defaultFor: { scratch: 50, pretrained: 50 },
    argument: 'steps',
    help: 'Steps between measurements on the held-out titles.',
  },
  patience: {
    ...count,
    defaultFor: { scratch: 4, pretrained: 3 },
    argument: 'count',
    help:
      'Measurements without a better validation loss after which training stops; none where --steps is given, ' +
      'but with --stop-when both.',
  },
} as const satisfies OptionRows;

/** Options of a training session: the checkpoint it starts from, and samples during training. */
export const trainingSessionOptions = {
  restoreFrom: {
    ...around,
    type: 'path',
    argument: 'latest|fresh|path',
    help:
      'Begin with the last checkpoint of the run, also on other titles or options (latest); train anew (fresh); or ' +
      'start from the weights of a run or checkpoint folder, ours or of gpt-2-simple, whatever --model says.',
    defaultInWords: 'go on with a training that was cut short',
  },
  sampleEvery: {
    ...unseen,
    minimum: 0,
    // As gpt-2-simple's sample_every.
    defaultFor: { scratch: 100, pretrained: 100 },
    argument: 'steps',
    help: 'Steps between samples of what the model says while it learns (samples/); 0: none.',
  },
  sampleNum: {
    ...unseen,
    maximum: 10_000,
    default: 32,
    argument: 'count',
    help: 'Texts of one such sample.',
  },
  sampleLength: {
    ...unseen,
    maximum: 1023,
    default: 64,
    argument: 'tokens',
    help: 'Most tokens of a text of a sample.',
  },
  stopWhen: {
    ...training,
    type: 'choice',
    choices: stopRules,
    argument: 'loss|copies|both',
    help:
      'What ends training early: a held-out loss that no longer falls (--patience), a sample with more copies than chance ' +
      'explains beside the held-out titles, or either.',
    defaultInWords: 'loss',
  },
  canaries: {
    ...count,
    maximum: 100_000,
    argument: 'count',
    help:
      'Invented titles planted among those to train on, never accepted: the report says how many of them the model ' +
      'learned by heart.',
    defaultInWords: 'none',
  },
  canaryRepeats: {
    ...training,
    type: 'integer',
    list: true,
    minimum: 1,
    maximum: 1000,
    implies: ['canaries'],
    argument: 'times',
    help: 'How often each pass shows a canary: the first as often as the first number says, and so on in turn.',
    defaultInWords: '1 1 1 2 4 8',
  },
} as const satisfies OptionRows;

/**
 * Arguments of gpt-2-simple's functions that are not options here, as flags, with their replacements. The command line
 * shows the replacement when one is given; docs/options.md lists them.
 */
export const replacedOptions: Readonly<Record<string, string>> = {
  '--model-name': 'the model to start from is named with --model',
  '--model-dir': 'downloaded models are kept in the cache of the Hugging Face hub, which HF_HOME moves',
  '--checkpoint-dir': 'run folders are kept in --runs-dir, each with its checkpoint',
  '--combine': 'every title is a sequence of its own, so that short texts are not joined into chunks',
  '--multi-gpu': 'training runs on one device, which --device names',
  '--max-checkpoints':
    'two checkpoints are kept, the best by validation loss and the latest to go on from, each written anew in its place',
  '--optimizer': 'the optimizer is AdamW, which with --weight-decay 0 is Adam',
  '--reuse': 'there are no TensorFlow sessions whose variables could be used again',
  '--dataset': 'the file of titles is named with --input',
  '--return-as-list':
    'generate of the library gives texts one by one, and generate with --json prints one a line',
  '--return-as-text': 'generate prints the texts, with --json one object a line',
  '--destination-path':
    'generate prints the texts, which > FILE writes to a file; generateToFile of the library does',
  '--sample-dir': 'samples of a training are kept in its run folder',
  '--file-path': 'the file of titles is named with --input',
  '--csv-path': 'the file of titles is named with --input',
  '--out-path': 'the titles that pipeline cleaned are kept in its run folder, below --runs-dir',
  '--split-context':
    'a text ends within the context of the model, so that none is generated in several pieces',
  '--gpu': 'training runs on one device, which --device names',
};
