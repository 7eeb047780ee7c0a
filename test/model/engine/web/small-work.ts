import type { Engine } from '../../../../src/model/engine/engine.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../../../src/model/transformer/parameters.js';
import { storedWeights } from '../../../../src/model/transformer/weight-source.js';
import { configuration, data, options, tokenizer } from '../../training/small-data.js';
import { type Generated, generateInMemory, type Trained, trainInMemory } from './web-work.js';

/** 20 steps of a model of two layers, in the browser and on Node alike. */
export function trainSmall(engine: Engine): Promise<Trained> {
  const few = { ...options, steps: 20, printEvery: 1, accumulateGradients: 2, evaluateEvery: 10 };
  return trainInMemory({ engine, data, tokenizer, configuration, pretrained: undefined, options: few });
}

/** The likeliest texts after several prompts, by random weights so large that the texts differ. */
export function generateSmall(engine: Engine): Promise<Generated> {
  const store = createParameterStore(parameterSpecifications(configuration));
  initializeParameters(store, 3);
  for (const view of store.views.values())
    for (const [index, value] of view.entries()) view[index] = 8 * value;
  return generateInMemory(engine, {
    configuration,
    tokenizer,
    weights: storedWeights(store),
    nsamples: 2,
    length: 20,
    temperature: 0,
    slots: 3,
    prefixes: ['Why does', 'my red', 'my old cat', 'at night'],
  });
}
