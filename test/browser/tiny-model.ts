import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import {
  createParameterStore,
  initializeParameters,
  parameterSpecifications,
} from '../../src/model/transformer/parameters.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';

/** Titles that a tiny model can learn something of, the same each time. */
export function tinyTitles(count: number): string[] {
  const subjects = [
    'a cat',
    'the sea',
    'my phone',
    'this town',
    'an old car',
    'the moon',
    'a stone',
    'my boss',
  ];
  const verbs = ['likes', 'forgot', 'sells', 'paints', 'hears', 'breaks', 'follows'];
  const objects = [
    'every song',
    'two keys',
    'the rain',
    'a letter',
    'some bread',
    'the last train',
    'a joke',
  ];
  return Array.from({ length: count }, (_, index) => {
    const of = (list: readonly string[], step: number): string =>
      list[Math.floor(index / step) % list.length]!;
    return `${of(subjects, 1)} ${of(verbs, 8)} ${of(objects, 56)} on day ${index}`;
  });
}

/** Writes a model of 20,000 parameters into a folder, which says of itself that it descends from the base model. */
export async function writeTinyModel(folder: string): Promise<void> {
  const tokenizer = restrictedTokenizer(tinyTitles(150));
  const configuration = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 64,
    width: 32,
    layers: 1,
    heads: 2,
    layerNormEpsilon: 1e-5,
    descendsFrom: 'base' as const,
  };
  const store = createParameterStore(parameterSpecifications(configuration));
  initializeParameters(store, 1);
  await writeModelDescription(folder, configuration, tokenizer);
  await writeWeights(folder, configuration, (name) => store.views.get(name)!);
}

export const nodeEngine = createOnnxRuntimeEngine({ threads: 2 });
