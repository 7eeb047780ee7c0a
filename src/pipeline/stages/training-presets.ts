import type { TrainingOptions } from '../../model/training/contract.js';
import type { RunOptions } from '../option-table.js';

type Decided =
  | 'accumulateGradients'
  | 'batchSize'
  | 'clipNorm'
  | 'evaluateEvery'
  | 'learningRate'
  | 'maximumEpochs';
type Preset = Pick<
  TrainingOptions,
  Decided | 'patience' | 'printEvery' | 'saveEvery' | 'schedule' | 'warmupSteps' | 'weightDecay'
>;

/** What training takes where nothing else is asked for, by model. */
const presets: Readonly<Record<string, Preset>> = {
  nano: {
    maximumEpochs: 8,
    batchSize: 16,
    learningRate: 2e-3,
    warmupSteps: 50,
    schedule: 'cosine',
    accumulateGradients: 1,
    weightDecay: 0.1,
    clipNorm: 1,
    evaluateEvery: 50,
    saveEvery: 50,
    printEvery: 10,
    patience: 4,
  },
};

/**
 * The training options of a run: what was given, else the model's preset.
 * @param model the decided model; every decided model has a preset.
 */
export function trainingOptions(model: string, options: RunOptions): TrainingOptions {
  const preset = presets[model];
  if (!preset) throw new RangeError(`no training preset for the model ${model}`);
  return {
    ...preset,
    seed: options.seed,
    steps: options.steps,
    rowLength: options.rowLength,
    threads: options.threads,
    loraRank: options.loraRank,
    onlyTrainTransformerLayers: options.onlyTrainTransformerLayers,
    recompute: options.recompute,
    accumulateGradients: options.accumulateGradients ?? preset.accumulateGradients,
    warmupSteps: options.warmupSteps ?? preset.warmupSteps,
    schedule: options.schedule ?? preset.schedule,
    maximumEpochs: options.epochs ?? preset.maximumEpochs,
    batchSize: options.batchSize ?? preset.batchSize,
    learningRate: options.learningRate ?? preset.learningRate,
    evaluateEvery: options.evaluateEvery ?? preset.evaluateEvery,
    saveEvery: options.saveEvery ?? preset.saveEvery,
    printEvery: options.printEvery ?? preset.printEvery,
    patience: options.patience ?? (options.steps === undefined ? preset.patience : undefined),
  };
}
