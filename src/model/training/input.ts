import type { Engine } from '../engine/engine.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';
import type { TrainingData, TrainingOptions } from './training-options.js';

/** All that training needs. */
export interface FinetuneInput {
  readonly engine: Engine;
  readonly data: TrainingData;
  readonly tokenizer: Tokenizer;
  readonly configuration: TransformerConfiguration;
  /** Weights to start from, read straight into the model; undefined: a model from scratch. */
  readonly pretrained: Pick<WeightSource, 'read'> | undefined;
  /** Receives model.safetensors (best by validation loss), config.json, tokenizer files, and the state to resume from. */
  readonly checkpointFolder: string;
  readonly metricsPath: string;
  /** The same for TensorBoard; undefined: not written. Its name must hold `tfevents`. */
  readonly eventsPath?: string | undefined;
  readonly options: TrainingOptions;
  /** What the model says while it learns; undefined: not asked. */
  readonly samples?: TrainingSamples | undefined;
}

export interface TrainingSamples {
  /** Steps between samples. */
  readonly every: number;
  /**
   * Generates texts with the weights as they are after `step` and files them.
   * @param valuesOf a parameter's values by name, adapters worked in; valid during the call.
   * @returns the share of the texts that are near copies of training titles.
   */
  readonly take: (step: number, valuesOf: (name: string) => Float32Array) => Promise<number>;
}
