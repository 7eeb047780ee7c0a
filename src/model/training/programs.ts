import type { Engine, Program } from '../engine/engine.js';
import type { FloatType } from '../graph/shape.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { BatchShape } from './batches.js';
import { evaluationGraph, trainingGraph } from './loss-graph.js';
import type { TrainableModel } from './trainable.js';
import type { TrainingOptions } from './training-options.js';

/** What training runs on a batch. */
export interface TrainingPrograms {
  readonly training: Program;
  /** Adds a batch's gradients to those of the batches before it. */
  readonly accumulating: Program | undefined;
  readonly evaluation: Program;
}

/** Type of the matrix products. */
export const productsOf = ({ mixedPrecision }: Pick<TrainingOptions, 'mixedPrecision'>): FloatType =>
  mixedPrecision === 'off' ? 'float32' : mixedPrecision;

export async function compilePrograms(
  engine: Engine,
  model: TrainableModel,
  {
    configuration,
    shape,
    options,
  }: {
    readonly configuration: TransformerConfiguration;
    readonly shape: BatchShape;
    readonly options: TrainingOptions;
  },
): Promise<TrainingPrograms> {
  const graphOptions = {
    trainable: model.state.parameters.specifications,
    recompute: options.recompute,
    dropout: options.dropout > 0,
    products: productsOf(options),
  };
  const compileTraining = (accumulate: boolean): Promise<Program> =>
    engine.compile(trainingGraph(configuration, shape, { ...graphOptions, accumulate }));
  return {
    training: await compileTraining(false),
    accumulating: options.accumulateGradients > 1 ? await compileTraining(true) : undefined,
    evaluation: await engine.compile(
      evaluationGraph(configuration, shape, model.adapters, graphOptions.products),
    ),
  };
}

export async function disposePrograms({
  training,
  accumulating,
  evaluation,
}: TrainingPrograms): Promise<void> {
  await training.dispose();
  await accumulating?.dispose();
  await evaluation.dispose();
}
