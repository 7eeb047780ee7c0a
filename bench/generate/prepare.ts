import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { silentContext } from '../../src/common/progress.js';
import { packageRoot } from '../../src/io/package-root.js';
import { elementCount } from '../../src/model/graph/shape.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';
import { exportOnnxFolder } from '../../src/model/weights/onnx-folder.js';
import { configurations } from '../finetune/options.js';
import { randomWeights } from './random-model.js';

/** A model of random weights on disk, as Hugging Face's files and as ONNX for transformers.js; written once. */
export async function prepareModel(name: string): Promise<{ huggingFace: string; onnx: string }> {
  const configuration = configurations[name]!;
  const tokenizer = gpt2Tokenizer();
  const folder = join(packageRoot, '.cache/bench-models', name);
  const [huggingFace, onnx] = [join(folder, 'huggingface'), join(folder, 'onnx')];
  const weights = randomWeights(configuration);
  if (!existsSync(join(huggingFace, 'model.safetensors'))) {
    await writeModelDescription(huggingFace, configuration, tokenizer);
    const shapes = new Map(parameterSpecifications(configuration).map((each) => [each.name, each.shape]));
    const values = new Map<string, Float32Array>();
    for (const [parameter, shape] of shapes) {
      const array = new Float32Array(elementCount(shape));
      await weights.read(parameter, array);
      values.set(parameter, array);
    }
    await writeWeights(huggingFace, configuration, (parameter) => values.get(parameter)!);
  }
  if (!existsSync(onnx)) await exportOnnxFolder({ configuration, tokenizer, weights }, onnx, silentContext);
  return { huggingFace, onnx };
}
