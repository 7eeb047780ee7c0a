import type { TrainingOptions } from '../model/training/training-options.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { baseName } from '../model/weights/base-model.js';
import type { MixedPrecision, StopRule } from '../options/choices.js';
import type { TrainingStart } from '../options/option-row.js';
import type { RunOptions } from '../options/option-table.js';
import { decideValues } from '../options/option-values.js';
import { trainingOptions, trainingSessionOptions } from '../options/table/training.js';
import { decideSizes } from './model-sizes.js';

/**
 * Least steps by default, and the epochs that they lead to at most: a small corpus gets more epochs. From scratch there is
 * more to learn; the base model has gained all there is after six epochs of a thousand titles (docs/training.md).
 */
const leastSteps = {
  scratch: { minimumSteps: 300 },
  base: { minimumSteps: 240, minimumStepsEpochs: 6 },
  none: { minimumSteps: 0 },
} as const;

/** By what may end a training. Only where the held-out loss is named does the default cut short a requested number of steps. */
const patienceOf: Readonly<Record<StopRule, (decided: number, given: RunOptions) => number | undefined>> = {
  loss: (decided, { steps, patience }) => (steps === undefined ? decided : patience),
  copies: () => undefined,
  both: (decided) => decided,
};

/** Models whose options were measured: what the option table calls a training of all their weights, and one of adapters. */
const startsOf: ReadonlyMap<string, readonly [whole: TrainingStart, adapters: TrainingStart]> = new Map([
  [baseName, ['base', 'baseAdapters']],
  ['smollm2', ['smollm2', 'smollm2Adapters']],
]);

/**
 * The options of a training: as given, else the option table's default for its starting point.
 * @param model the decided model.
 * @param precision the decided precision, where `auto` is asked for.
 */
export function decideTrainingOptions(
  model: string,
  options: RunOptions,
  precision: MixedPrecision = 'off',
): TrainingOptions & { readonly sampleEvery: number } {
  const { seed, maxEpochs, loraRank, stopWhen = 'loss' } = options;
  const isFromScratch = decideSizes(model, options) !== undefined;
  const withAdapters = loraRank !== undefined;
  const isBase = model === baseName;
  const [whole, adapters] = startsOf.get(model) ?? ['pretrained', 'adapters'];
  const start = isFromScratch ? 'scratch' : withAdapters ? adapters : whole;
  const corpusStart = isFromScratch ? 'scratch' : isBase ? 'base' : 'none';
  const { sampleEvery } = trainingSessionOptions;
  const decided = decideValues({ ...trainingOptions, sampleEvery }, start, options);
  return {
    ...decided,
    mixedPrecision: decided.mixedPrecision === 'auto' ? precision : decided.mixedPrecision,
    seed,
    // Epochs that are asked for are all that is made.
    ...leastSteps[maxEpochs === undefined ? corpusStart : 'none'],
    patience: patienceOf[stopWhen](decided.patience, options),
  };
}

/**
 * What is said where the rate is that of GPT-2 though the model is a Llama: its architecture is known only once it is opened.
 * @param rate what was decided on.
 */
export function rateNote(
  model: string,
  { llama }: Pick<TransformerConfiguration, 'llama'>,
  { learningRate, loraRank }: Pick<RunOptions, 'learningRate' | 'loraRank'>,
  rate: number,
): string | undefined {
  if (!llama || learningRate !== undefined || startsOf.has(model)) return undefined;
  const { smollm2, smollm2Adapters } = trainingOptions.learningRate.defaultFor;
  const [measured, how] = loraRank === undefined ? [smollm2, ''] : [smollm2Adapters, ' with adapters'];
  return `the learning rate is ${rate}, as for GPT-2: of SmolLM2-135M ${measured} was best${how} (--learning-rate; docs/models.md)`;
}
