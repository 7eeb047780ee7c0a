import { join } from 'node:path';
import { silentContext, type WorkContext } from '../../../common/progress.js';
import { writeFileAtomic } from '../../../io/atomic-file.js';
import type { OpenModel } from '../../weights/open-model.js';
import { formatConfiguration } from '../configuration.js';
import { parameterSpecifications } from '../parameters.js';
import { watchedWeights } from '../weight-source.js';
import { gpt2OnnxGraph } from './gpt2-graph.js';
import { writeOnnxModel } from './model-file.js';

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Writes a folder that transformers.js and other users of ONNX Runtime generate from: onnx/model.onnx,
 * config.json, generation_config.json and the tokenizer's files.
 * @throws TitlesmithError when a file cannot be written or a tensor not be read; InterruptedError when the
 *   context asks to stop.
 */
export async function exportOnnxFolder(
  model: OpenModel,
  folder: string,
  context: WorkContext = silentContext,
): Promise<void> {
  const { configuration, tokenizer } = model;
  const weights = watchedWeights(model.weights, parameterSpecifications(configuration).length, context);
  const { endOfTextId } = tokenizer;
  const graph = gpt2OnnxGraph(configuration);
  const path = join(folder, 'onnx', 'model.onnx');
  const { dataFiles } = await writeOnnxModel(path, graph, parameterSpecifications(configuration), weights);
  const external = dataFiles > 0 ? { use_external_data_format: { 'model.onnx': dataFiles } } : {};
  const description = JSON.parse(formatConfiguration(configuration, endOfTextId)) as Record<string, unknown>;
  // Without it transformers.js looks for quantized weights in a browser.
  const settings = { 'transformers.js_config': { dtype: 'fp32', ...external } };
  await writeFileAtomic(join(folder, 'config.json'), json({ ...description, ...settings }));
  const generation = { bos_token_id: endOfTextId, eos_token_id: endOfTextId, pad_token_id: endOfTextId };
  await writeFileAtomic(join(folder, 'generation_config.json'), json(generation));
  for (const [name, content] of tokenizer.files()) await writeFileAtomic(join(folder, name), content);
}
