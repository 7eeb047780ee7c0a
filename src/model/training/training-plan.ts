import { TitlesmithError, usageError } from '../../common/errors.js';
import { createRandom } from '../../common/random.js';
import type { TokenizedTitles } from '../tokenizer/tokenized-titles.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { packTitles, titlePositions } from './packing.js';
import type { TrainingOptions } from './training-options.js';

/** Titles split for training, as token ids of the model's tokenizer. */
export interface TrainingData {
  readonly train: TokenizedTitles;
  readonly validation: TokenizedTitles;
  /** Titles left out of both, as they have more tokens than the model's context holds. Default: 0. */
  readonly tooLong?: number;
}

/** What follows from the options and the data together; printed and recorded. */
export interface TrainingPlan {
  /** T: tokens in a row. */
  readonly rowLength: number;
  readonly steps: number;
  /** Rows that hold every training title once. */
  readonly rowsPerEpoch: number;
  readonly rowsPerStep: number;
  /** Share of the positions in those rows that titles fill. */
  readonly fill: number;
}

/** The default row length is a multiple of the first and at least the second, in tokens. */
const [rowStep, shortestRow] = [16, 64];

const titleCount = (titles: TokenizedTitles): number => titles.offsets.length - 1;

/** Number of positions the longest title takes. */
function longestTitle({ train, validation }: TrainingData): number {
  let longest = 0;
  for (const titles of [train, validation]) {
    for (let title = 0; title < titleCount(titles); title++) {
      longest = Math.max(longest, titlePositions(titles, title));
    }
  }
  return longest;
}

/** The row length chosen where none is given: the shortest that fits the longest title, in tokens. */
export function fittingRowLength(data: TrainingData, { contextLength }: TransformerConfiguration): number {
  const fitting = Math.max(shortestRow, Math.ceil(longestTitle(data) / rowStep) * rowStep);
  return Math.min(fitting, contextLength);
}

/** When a training measures. */
interface MeasuringSteps {
  readonly steps: number;
  /** Steps between samples. */
  readonly sampleEvery: number;
  readonly evaluateEvery: number;
  /** Weights are kept only where their own sample says so: one is taken wherever they may be kept. */
  readonly isSampledToKeep: boolean;
}

/** Whether texts are sampled after a step of a training. */
export function isSampled(step: number, measuring: MeasuringSteps): boolean {
  const { steps, sampleEvery, evaluateEvery, isSampledToKeep } = measuring;
  return step % sampleEvery === 0 || step === steps || (isSampledToKeep && step % evaluateEvery === 0);
}

/** Number of epochs in `steps` steps, rounded to thousandths. */
export function epochsOf(steps: number, { rowsPerStep, rowsPerEpoch }: TrainingPlan): number {
  return Math.round((1000 * steps * rowsPerStep) / rowsPerEpoch) / 1000;
}

/** The error for a side without titles: there were too few of them, or they were too long. */
function tooFewTitles(
  { train, validation, tooLong = 0 }: TrainingData,
  { contextLength }: TransformerConfiguration,
): TitlesmithError {
  const sides = `${titleCount(train)} for training, ${titleCount(validation)} held out`;
  if (tooLong === 0) {
    const hint =
      'It takes one of each at least, and about one title in ten is held out: give it a hundred or more, in the file of --input or, of posts, by more months or a larger --limit.';
    return new TitlesmithError(`Too few titles to train: ${sides}.`, { code: 'too-few-titles', hint });
  }
  return new TitlesmithError(
    `Too few titles fit the model to train it: ${sides}; ${tooLong} more have over ${contextLength - 1} tokens, ` +
      'the most that its context holds.',
    {
      code: 'titles-too-long',
      hint: 'Train on shorter texts, one title a line, or on a --model with a longer context.',
    },
  );
}

/**
 * Decides row length and number of steps.
 * @throws TitlesmithError if there is nothing to train on or to validate with, or a title does not fit a row.
 */
export function planTraining(
  data: TrainingData,
  model: TransformerConfiguration,
  options: TrainingOptions,
): TrainingPlan {
  if (titleCount(data.train) === 0 || titleCount(data.validation) === 0) throw tooFewTitles(data, model);
  const longest = longestTitle(data);
  const rowLength = options.rowLength ?? fittingRowLength(data, model);
  if (rowLength > model.contextLength || longest > rowLength) {
    throw usageError(
      `--row-length ${rowLength} must lie between the longest title's ${longest} tokens and the model's context of ${model.contextLength}.`,
    );
  }
  const packed = packTitles(data.train, rowLength, createRandom(options.seed, 'epoch', 0));
  const rowsPerEpoch = packed.rowCount;
  const positions = data.train.offsets.at(-1)! + titleCount(data.train);
  const rowsPerStep = options.batchSize * options.accumulateGradients;
  return {
    rowLength,
    rowsPerEpoch,
    rowsPerStep,
    fill: positions / (rowsPerEpoch * rowLength),
    steps: plannedSteps(rowsPerEpoch, options),
  };
}

/** Steps of a training whose every epoch packs the training titles into that number of rows. */
export function plannedSteps(rowsPerEpoch: number, options: TrainingOptions): number {
  const { steps, maxEpochs, minimumSteps, minimumStepsEpochs = Number.POSITIVE_INFINITY } = options;
  const rowsPerStep = options.batchSize * options.accumulateGradients;
  const stepsOf = (epochs: number): number => Math.ceil((epochs * rowsPerEpoch) / rowsPerStep);
  return steps ?? Math.max(1, stepsOf(maxEpochs), Math.min(minimumSteps, stepsOf(minimumStepsEpochs)));
}
