import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/io/package-root.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { nanoConfiguration } from '../../src/model/transformer/configuration.js';
import { configurations } from '../shared/configurations.js';
import { writeRandomModel } from '../shared/random-model.js';

/** Words enough for a vocabulary of nano's usual size. */
function* words(): Generator<string> {
  for (const token of Array.from({ length: 4000 }, (_, id) => gpt2Tokenizer().decode([id]))) yield token;
}

/** A folder with a model of random weights and a tokenizer that fits it; written once. */
export async function servedModel(name: string): Promise<string> {
  const folder = join(packageRoot, '.cache/bench-models', name, name === 'nano' ? 'served' : 'huggingface');
  if (existsSync(join(folder, 'model.safetensors'))) return folder;
  const tokenizer = name === 'nano' ? restrictedTokenizer(words()) : gpt2Tokenizer();
  const configuration = name === 'nano' ? nanoConfiguration(tokenizer.vocabularySize) : configurations[name]!;
  await writeRandomModel(folder, configuration, tokenizer);
  return folder;
}
