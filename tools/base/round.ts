import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentContext } from '../../src/common/progress.js';
import { readTrainedCondition, writeTrainedCondition } from '../../src/data/trained-condition.js';
import { writeFileAtomic } from '../../src/io/atomic-file.js';
import { mergesFile, vocabularyFile } from '../../src/model/tokenizer/huggingface-files.js';
import { formatConfiguration } from '../../src/model/transformer/configuration-file.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { loadWeights } from '../../src/model/transformer/weight-source.js';
import { baseName } from '../../src/model/weights/base-model.js';
import { readConfiguration } from '../../src/model/weights/checkpoint.js';
import { loadTokenizer } from '../../src/model/weights/load-tokenizer.js';
import { configurationFile, weightsFile } from '../../src/model/weights/model-files.js';
import { findModelFolder, hashModelFolder } from '../../src/model/weights/model-folder.js';
import { openSafetensorsModel, writeSafetensors } from '../../src/model/weights/safetensors.js';
import type { WritableTensor } from '../../src/model/weights/safetensors-bytes.js';
import { scaleEnding } from '../../src/model/weights/safetensors-file.js';
import { storedLayout } from '../../src/model/weights/stored-tensors.js';
import { quantizeRows } from './quantize.js';

/**
 * Makes the base model that ships: the matrices of a trained model in 8 bits, a scale a row, all else in float32.
 *
 *     npm run tool -- base --from FOLDER [--to data/base] [--ships]
 *
 * With --ships, config.json says of the model that it is the base model whose titles data/base/fingerprints.bin knows: what is
 * trained from it says so too, and has its base copies refused. Prints the hash that src/model/weights/base-model.ts is to hold.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const options = {
    from: { type: 'string' },
    to: { type: 'string', default: 'data/base' },
    ships: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args: [...argv], options });
  const { from, to, ships } = values;
  if (from === undefined) throw new Error('--from names the folder of the model to round.');
  const configuration = await readConfiguration(from);
  if (configuration.llama) throw new Error(`${from} holds a Llama; the base model is a GPT-2.`);
  const specifications = parameterSpecifications(configuration);
  const { prefix } = storedLayout(configuration);
  const source = await openSafetensorsModel(from, configuration);
  const store = await loadWeights(source, specifications, silentContext).finally(() => source.close());
  await mkdir(to, { recursive: true });
  const tensors = specifications.flatMap(({ name, shape }): WritableTensor[] => {
    const own = `${prefix}${name}`;
    const weights = store.views.get(name)!;
    const [rows = 1] = shape;
    if (shape.length < 2) return [{ name: own, shape, values: () => weights }];
    const rounded = quantizeRows(weights, rows);
    return [
      { name: own, shape, dtype: 'I8', values: () => rounded.values },
      { name: `${own}${scaleEnding}`, shape: [rows], values: () => rounded.scales },
    ];
  });
  await writeSafetensors(join(to, weightsFile), tensors, { format: 'pt' });
  for (const name of [configurationFile, vocabularyFile, mergesFile])
    await copyFile(join(from, name), join(to, name));
  if (ships) {
    const { endOfTextId } = await loadTokenizer(from);
    const described = formatConfiguration({ ...configuration, descendsFrom: baseName }, endOfTextId);
    await writeFileAtomic(join(to, configurationFile), described);
  }
  const condition = await readTrainedCondition(from);
  if (condition) await writeTrainedCondition(to, condition);
  process.stdout.write(`${await hashModelFolder(await findModelFolder(to))}\n`);
}
