import type { Shape } from '../graph/shape.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { LossScaling } from './loss-scale.js';
import type { TrainedParameters } from './trainable-model.js';

/** Where training stands. With the weights, the moments and the seed it determines everything that follows. */
export interface TrainingPosition {
  /** Steps done. */
  readonly step: number;
  readonly initialValidationLoss: number;
  readonly bestValidationLoss: number;
  readonly bestStep: number;
  readonly lastValidationLoss: number;
  /** Evaluations since the best one. */
  readonly evaluationsWithoutImprovement: number;
  /** Lines of metrics when this state was saved: those behind are written again. */
  readonly metricsLines: number;
  /** Undefined without mixed precision. */
  readonly lossScaling?: LossScaling;
}

/**
 * What training measured at a step; a line of metrics.jsonl. Losses are nats per token of titles (end token included). A
 * step that was skipped has no gradient norm, and no loss where that is not finite either.
 */
export interface MetricsLine {
  readonly step: number;
  readonly epoch: number;
  readonly loss?: number;
  readonly validationLoss?: number;
  /** Of the texts sampled at this step, the share that are near copies of training titles. */
  readonly nearCopyShare?: number;
  readonly learningRate: number;
  readonly gradientNorm?: number;
  readonly tokensPerSecond: number;
  /** In mixed precision: what the loss of the next step is multiplied by, and the steps skipped so far. */
  readonly lossScale?: number;
  readonly skippedSteps?: number;
}

/** A tensor of the state that training resumes from: float32, row-major, in memory of the training. */
export interface StateTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * Where training keeps what it resumes from and what comes of it. Files implement it (src/pipeline/stages), memory where
 * there are none. What it throws ends the training.
 */
export interface TrainingStorage {
  /** Fills the tensors with what was saved last. @returns the position saved with them; undefined where there is none. */
  loadState(tensors: readonly StateTensor[]): Promise<TrainingPosition | undefined>;
  /**
   * Replaces what was saved, all of it or, after a crash, nothing.
   * @param summary more about the training, for people and programs; not read again.
   */
  saveState(
    tensors: readonly StateTensor[],
    position: TrainingPosition,
    summary: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  /** Keeps what does not change while training; called once, before the first step. */
  saveDescription(configuration: TransformerConfiguration, tokenizer: Tokenizer): Promise<void>;
  /**
   * Replaces the model that comes of the training, all of it or nothing.
   * @param valuesOf a parameter's values by name; valid until the next call of it, so that merged weights never all exist.
   */
  saveWeights(
    configuration: TransformerConfiguration,
    valuesOf: (name: string) => Float32Array,
  ): Promise<void>;
  /**
   * Opens the metrics and forgets those measured after the last save, so that none is there twice.
   * @param saved what the saved position says; zeros where there is none.
   */
  openMetrics(saved: Pick<TrainingPosition, 'step' | 'metricsLines'>): Promise<MetricsLog>;
}

export interface MetricsLog {
  append(line: MetricsLine): Promise<void>;
  /** Makes all lines outlive a power cut. @returns their number. */
  flush(): Promise<number>;
  close(): Promise<void>;
}

const savedStores = ['parameters', 'firstMoments', 'secondMoments'] as const;

/** The state of a model that training resumes from, store by store, in the order of the forward pass. */
export function stateTensors(trained: TrainedParameters): StateTensor[] {
  return savedStores.flatMap((store) => {
    const { specifications, views } = trained[store];
    return specifications.map(({ name, shape }) => ({
      name: `${store}.${name}`,
      shape,
      data: views.get(name)!,
    }));
  });
}
