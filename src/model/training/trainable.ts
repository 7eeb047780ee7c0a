import { adapterSpecifications, mergedParameter } from '../transformer/adapters.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import {
  createParameterStore,
  initializeParameters,
  type ParameterSpecification,
  type ParameterStore,
  parameterSpecifications,
} from '../transformer/parameters.js';
import type { WeightSource } from '../transformer/weight-source.js';
import type { OptimizerState } from './optimizer.js';
import type { TrainingOptions } from './training-options.js';

/** The model's parameters, parted by what training may change. */
export interface TrainableModel {
  /** What the optimizer changes: with gradients and moments. */
  readonly state: OptimizerState;
  /** What stays as it was; no gradients, no moments. */
  readonly frozen: ParameterStore;
  /** Specifications of the adapters among the trainable parameters. */
  readonly adapters: readonly ParameterSpecification[];
}

/** Parts the parameters by the options and makes room for all of them, zeros so far. */
export function createTrainableModel(
  configuration: TransformerConfiguration,
  { loraRank, onlyTrainTransformerLayers }: Pick<TrainingOptions, 'loraRank' | 'onlyTrainTransformerLayers'>,
): TrainableModel {
  const own = parameterSpecifications(configuration);
  const adapters = loraRank === undefined ? [] : adapterSpecifications(configuration, loraRank);
  const isTrained = ({ name }: ParameterSpecification): boolean =>
    loraRank === undefined && (!onlyTrainTransformerLayers || name.startsWith('h.'));
  const trainable = [...own.filter(isTrained), ...adapters];
  const zeros = (): ParameterStore => createParameterStore(trainable);
  return {
    state: { parameters: zeros(), gradients: zeros(), firstMoments: zeros(), secondMoments: zeros() },
    frozen: createParameterStore(own.filter((specification) => !isTrained(specification))),
    adapters,
  };
}

/**
 * Sets every parameter to where training begins: the pretrained weights, or seeded random ones; adapters at zero.
 * @throws TitlesmithError naming a pretrained tensor that cannot be read.
 */
export async function initializeModel(
  { state, frozen, adapters }: TrainableModel,
  seed: number,
  pretrained?: Pick<WeightSource, 'read'>,
): Promise<void> {
  const added = new Set(adapters.map(({ name }) => name));
  for (const store of [state.parameters, frozen]) {
    const isRandom = ({ name }: ParameterSpecification): boolean => !pretrained || added.has(name);
    initializeParameters({ ...store, specifications: store.specifications.filter(isRandom) }, seed);
    for (const [name, view] of store.views) {
      if (!added.has(name)) await pretrained?.read(name, view);
    }
  }
}

/** All parameters by name, for a graph's inputs. */
export function parameterFeeds({ state, frozen }: TrainableModel): Record<string, Float32Array> {
  return Object.fromEntries([...frozen.views, ...state.parameters.views]);
}

/** A parameter of the model as it is to be saved: adapters worked into the weights. */
export function savedParameter({ state, frozen }: TrainableModel, name: string): Float32Array {
  return state.parameters.views.get(name) ?? mergedParameter(frozen, state.parameters, name);
}
