import { createRandom } from '../../src/common/random.js';
import { elementCount } from '../../src/model/graph/shape.js';
import type { Tokenizer } from '../../src/model/tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import type { WeightSource } from '../../src/model/transformer/weight-source.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';

/** Weights as a model trained from scratch starts with, made when they are read. */
export function randomWeights(configuration: TransformerConfiguration): WeightSource {
  const initial = new Map(parameterSpecifications(configuration).map((each) => [each.name, each.initial]));
  // Values from a small table: a random number for each of a billion weights would take longer than the bench.
  const random = createRandom(1, 'weights');
  const table = Float32Array.from({ length: 4093 }, () => random.normal());
  return {
    read: async (name, into) => {
      const start = initial.get(name)!;
      if ('value' in start) into.fill(start.value);
      else {
        for (let element = 0; element < into.length; element++)
          into[element] = start.standardDeviation * table[element % table.length]!;
      }
    },
    close: async () => {},
  };
}

/** Writes a model of random weights as a checkpoint folder, as Hugging Face's files. */
export async function writeRandomModel(
  folder: string,
  configuration: TransformerConfiguration,
  tokenizer: Tokenizer,
): Promise<void> {
  const weights = randomWeights(configuration);
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of parameterSpecifications(configuration)) {
    const array = new Float32Array(elementCount(shape));
    await weights.read(name, array);
    values.set(name, array);
  }
  await writeModelDescription(folder, configuration, tokenizer);
  await writeWeights(folder, configuration, (name) => values.get(name)!);
}

/** A tokenizer for random models of any vocabulary, whose tokens are all the same letter. */
export function byteTokenizer({ vocabularySize }: TransformerConfiguration): Tokenizer {
  const letter = Uint8Array.of(0x61);
  return {
    vocabularySize,
    endOfTextId: vocabularySize - 1,
    encode: () => [],
    decode: () => '',
    tokenBytes: () => letter,
    files: () => new Map(),
  };
}
