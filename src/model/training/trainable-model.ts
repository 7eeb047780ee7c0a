import type { TransformerConfiguration } from '../transformer/configuration.js';
import { loraSpecifications, mergedWithLora } from '../transformer/lora.js';
import {
  createParameterStore,
  initializeParameters,
  type ParameterSpecification,
  type ParameterStore,
  parameterSpecifications,
} from '../transformer/parameters.js';
import type { WeightSource } from '../transformer/weight-source.js';
import type { TrainingOptions } from './training-options.js';

/** Parameters that the optimizer updates, their gradients and moments, on the host: stores of the same layout. */
export interface TrainedParameters {
  readonly parameters: ParameterStore;
  readonly gradients: ParameterStore;
  readonly firstMoments: ParameterStore;
  readonly secondMoments: ParameterStore;
}

/** A model's parameters, divided into trained and frozen ones. */
export interface TrainableModel {
  readonly trained: TrainedParameters;
  /** Parameters that stay as they are, without gradients or moments. */
  readonly frozen: ParameterStore;
  /** Specifications of the adapters among the trained parameters. */
  readonly adapters: readonly ParameterSpecification[];
}

/** Divides the parameters by the options and allocates all of them, filled with zeros. */
export function createTrainableModel(
  configuration: TransformerConfiguration,
  { loraRank, onlyTrainTransformerLayers }: Pick<TrainingOptions, 'loraRank' | 'onlyTrainTransformerLayers'>,
): TrainableModel {
  const own = parameterSpecifications(configuration);
  const adapters = loraRank === undefined ? [] : loraSpecifications(configuration, loraRank);
  const isTrained = ({ name }: ParameterSpecification): boolean =>
    loraRank === undefined && (!onlyTrainTransformerLayers || name.startsWith('h.'));
  const trained = [...own.filter(isTrained), ...adapters];
  const zeros = (): ParameterStore => createParameterStore(trained);
  return {
    trained: { parameters: zeros(), gradients: zeros(), firstMoments: zeros(), secondMoments: zeros() },
    frozen: createParameterStore(own.filter((specification) => !isTrained(specification))),
    adapters,
  };
}

/**
 * Sets every parameter to its initial value: the pretrained weights, or seeded random ones; adapters so that they add
 * 0.
 * @throws TitlesmithError naming a pretrained tensor that cannot be read.
 */
export async function initializeModel(
  { trained, frozen, adapters }: TrainableModel,
  seed: number,
  pretrained?: Pick<WeightSource, 'read'>,
): Promise<void> {
  const added = new Set(adapters.map(({ name }) => name));
  for (const store of [trained.parameters, frozen]) {
    const isRandom = ({ name }: ParameterSpecification): boolean => !pretrained || added.has(name);
    initializeParameters({ ...store, specifications: store.specifications.filter(isRandom) }, seed);
    for (const [name, view] of store.views) {
      if (!added.has(name)) await pretrained?.read(name, view);
    }
  }
}

/** All parameters by name, as inputs of a graph. */
export function parameterFeeds({ trained, frozen }: TrainableModel): Record<string, Float32Array> {
  return Object.fromEntries([...frozen.views, ...trained.parameters.views]);
}

/** A parameter of the model with its adapters merged in, as it is saved. */
export function savedParameter({ trained, frozen }: TrainableModel, name: string): Float32Array {
  return trained.parameters.views.get(name) ?? mergedWithLora(frozen, trained.parameters, name);
}
