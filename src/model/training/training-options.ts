import type { MixedPrecision, ScheduleName } from '../../options/choices.js';

/** How a model is trained. The finetune stage records all of it in run.json. */
export interface TrainingOptions {
  readonly seed: number;
  /** Optimizer steps in all; undefined: decided from the data and `maximumEpochs`, and reported. */
  readonly steps: number | undefined;
  /** Passes over the training titles after which training stops, where `steps` is undefined. */
  readonly maximumEpochs: number;
  /** At least so many steps where `steps` is undefined: a small corpus is passed over more often. */
  readonly minimumSteps: number;
  /** Rows of packed titles that go through the model at once. */
  readonly batchSize: number;
  /** Batches whose gradients add up to one optimizer step. */
  readonly accumulateGradients: number;
  /** Trains the blocks alone: embeddings and the last norm stay as they are. */
  readonly onlyTrainTransformerLayers: boolean;
  /** Trains low-rank adapters of this rank instead of the weights; undefined: the weights. */
  readonly loraRank: number | undefined;
  /** Computes activations again in the backward pass instead of keeping them. */
  readonly recompute: boolean;
  readonly mixedPrecision: MixedPrecision;
  /** Tokens in a row; undefined: the shortest multiple of 16, at least 64, that fits the longest title. */
  readonly rowLength: number | undefined;
  /** Peak learning rate of AdamW. */
  readonly learningRate: number;
  /** Steps in which the learning rate rises to its peak. */
  readonly warmupSteps: number;
  /** How the learning rate falls after the warm-up. */
  readonly schedule: ScheduleName;
  /** Share of a matrix that a step takes away, for each unit of the learning rate. */
  readonly weightDecay: number;
  /** Global gradient norm above which gradients are scaled down. */
  readonly clipNorm: number;
  /** Probability with which an activation is left out in a training step; 0: dropout is off. */
  readonly dropout: number;
  /** Steps between evaluations on the validation titles. */
  readonly evaluateEvery: number;
  /** Steps between saves of the state to resume from. */
  readonly saveEvery: number;
  /** Steps between lines of metrics; evaluations and samples have theirs anyway. */
  readonly printEvery: number;
  /** Evaluations without a better validation loss after which training stops; undefined: never. */
  readonly patience: number | undefined;
  /** Threads of the engine; undefined: the number of physical cores. */
  readonly threads: number | undefined;
}
