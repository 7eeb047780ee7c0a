import type { TrainingOptions } from '../../model/training/training-options.js';
import type { RunOptions } from '../../options/option-table.js';

type Decided = 'accumulateGradients' | 'batchSize' | 'evaluateEvery' | 'learningRate' | 'maximumEpochs';
type Preset = Pick<
  TrainingOptions,
  | Decided
  | 'minimumSteps'
  | 'patience'
  | 'printEvery'
  | 'saveEvery'
  | 'schedule'
  | 'warmupSteps'
  | 'weightDecay'
> & { readonly sampleEvery: number };

/** What training a small model from scratch takes where nothing else is asked for. */
const nano: Preset = {
  // On the sample, more passes lower the loss a little and recite twice as much; small corpora get `minimumSteps`.
  maximumEpochs: 5,
  batchSize: 16,
  learningRate: 2e-3,
  warmupSteps: 50,
  schedule: 'cosine',
  accumulateGradients: 1,
  weightDecay: 0.1,
  evaluateEvery: 50,
  saveEvery: 50,
  printEvery: 10,
  patience: 4,
  minimumSteps: 300,
  sampleEvery: 100,
};

/** The same for pretrained weights, of any size. */
const pretrained: Preset = {
  // A pretrained model knows titles by heart after few passes; patience mostly ends it earlier.
  maximumEpochs: 4,
  // 16 rows of 64 tokens are the 1,024 tokens of gpt-2-simple's step.
  batchSize: 16,
  accumulateGradients: 1,
  // As gpt-2-simple's finetune.
  learningRate: 1e-4,
  // Adam's moments are noise at first, and here there is something to lose.
  warmupSteps: 20,
  schedule: 'cosine',
  // Towards zero would be away from what was learned before, so less than from scratch.
  weightDecay: 0.01,
  evaluateEvery: 50,
  // A save writes three times the weights: for 124M 1.5 GB, every ten minutes or so on a small machine.
  saveEvery: 100,
  printEvery: 10,
  patience: 3,
  minimumSteps: 0,
  // As gpt-2-simple's sample_every.
  sampleEvery: 100,
};

/** Adapters take a higher rate than weights: that of the paper for GPT-2 (Hu et al. 2021, table 11). */
const adapterLearningRate = 2e-4;

/**
 * The training options of a run: what was given, else the model's preset.
 * @param model the decided model.
 */
export function trainingOptions(
  model: string,
  options: RunOptions,
): TrainingOptions & { sampleEvery: number } {
  const preset = model === 'nano' ? nano : pretrained;
  const { loraRank } = options;
  const learningRate = model === 'nano' || loraRank === undefined ? preset.learningRate : adapterLearningRate;
  return {
    ...preset,
    seed: options.seed,
    steps: options.steps,
    rowLength: options.rowLength,
    threads: options.threads,
    loraRank,
    onlyTrainTransformerLayers: options.onlyTrainTransformerLayers,
    recompute: options.recompute,
    mixedPrecision: options.mixedPrecision ?? 'off',
    accumulateGradients: options.accumulateGradients ?? preset.accumulateGradients,
    warmupSteps: options.warmupSteps ?? preset.warmupSteps,
    schedule: options.schedule ?? preset.schedule,
    maximumEpochs: options.maxEpochs ?? preset.maximumEpochs,
    minimumSteps: options.maxEpochs === undefined ? preset.minimumSteps : 0,
    sampleEvery: options.sampleEvery ?? preset.sampleEvery,
    batchSize: options.batchSize ?? preset.batchSize,
    learningRate: options.learningRate ?? learningRate,
    weightDecay: options.weightDecay ?? preset.weightDecay,
    clipNorm: options.clipNorm,
    dropout: options.dropout,
    evaluateEvery: options.evaluateEvery ?? preset.evaluateEvery,
    saveEvery: options.saveEvery ?? preset.saveEvery,
    printEvery: options.printEvery ?? preset.printEvery,
    patience: options.patience ?? (options.steps === undefined ? preset.patience : undefined),
  };
}
