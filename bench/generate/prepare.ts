import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { silentContext } from '../../src/common/progress.js';
import { packageRoot } from '../../src/io/package-root.js';
import { truncatedTokenizer } from '../../src/model/tokenizer/gpt2.js';
import { exportOnnxFolder } from '../../src/model/weights/onnx-folder.js';
import { configurations } from '../shared/configurations.js';
import { randomWeights, writeRandomModel } from '../shared/random-model.js';

/**
 * A model of random weights on disk, as Hugging Face's files and as ONNX for transformers.js; written once. Its tokens
 * are GPT-2's first.
 */
export async function prepareModel(
  name: string,
): Promise<{ readonly huggingFace: string; readonly onnx: string; readonly endToken: number }> {
  const configuration = configurations[name]!;
  const tokenizer = truncatedTokenizer(configuration.vocabularySize);
  const folder = join(packageRoot, '.cache/bench-models', name);
  const [huggingFace, onnx] = [join(folder, 'huggingface'), join(folder, 'onnx')];
  if (!existsSync(join(huggingFace, 'model.safetensors')))
    await writeRandomModel(huggingFace, configuration, tokenizer);
  if (!existsSync(onnx)) {
    const weights = randomWeights(configuration);
    await exportOnnxFolder({ configuration, tokenizer, weights }, onnx, silentContext);
  }
  return { huggingFace, onnx, endToken: tokenizer.endOfTextId };
}
