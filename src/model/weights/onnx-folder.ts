import { join } from 'node:path';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { writeChunksAtomic, writeFileAtomic } from '../../io/atomic-file.js';
import { encodeMessage } from '../engine/onnx/schema.js';
import {
  type ExternalData,
  encodeWithExternalWeights,
  type OnnxModel,
  type OnnxWeight,
  weightBytes,
  weightProto,
} from '../engine/onnx/writer.js';
import { elementCount } from '../graph/shape.js';
import { formatConfiguration } from '../transformer/configuration-file.js';
import { onnxGenerationModel } from '../transformer/onnx-graph.js';
import { type WeightSource, weightsWithProgress } from '../transformer/weight-source.js';
import type { OpenModel } from './open-model.js';

/**
 * Writes a folder that transformers.js and other users of ONNX Runtime can load: onnx/model.onnx, config.json,
 * generation_config.json and the tokenizer's files.
 * @throws TitlesmithError when a file cannot be written or a tensor cannot be read; InterruptedError when the
 *   context asks to stop.
 */
export async function exportOnnxFolder(
  { configuration, tokenizer, weights }: OpenModel,
  folder: string,
  context: WorkContext = silentContext,
): Promise<void> {
  const { endOfTextId, startOfTextId = endOfTextId } = tokenizer;
  const model = onnxGenerationModel(configuration);
  const path = join(folder, 'onnx', 'model.onnx');
  const watched = weightsWithProgress(weights, model.weights.length, context);
  const { dataFiles } = await writeOnnxModel(path, model, watched);
  const external = dataFiles > 0 ? { use_external_data_format: { 'model.onnx': dataFiles } } : {};
  const description = JSON.parse(formatConfiguration(configuration, endOfTextId, startOfTextId)) as Record<
    string,
    unknown
  >;
  // Without this, transformers.js looks for quantized weights in a browser.
  const settings = { 'transformers.js_config': { dtype: 'fp32', ...external } };
  await writeFileAtomic(join(folder, 'config.json'), json({ ...description, ...settings }));
  const generation = { bos_token_id: startOfTextId, eos_token_id: endOfTextId, pad_token_id: endOfTextId };
  await writeFileAtomic(join(folder, 'generation_config.json'), json(generation));
  for (const [name, content] of tokenizer.files()) await writeFileAtomic(join(folder, name), content);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Most bytes of weights in one file. */
interface FileLimits {
  /** In the model file itself; larger models keep their weights in data files beside it. */
  readonly model: number;
  readonly dataFile: number;
}

/** protobuf reads messages up to 2 GiB, and browsers allocate no larger buffers. */
const defaultLimits: FileLimits = { model: 1.9e9, dataFile: 1.9e9 };

const totalBytes = (weights: readonly OnnxWeight[]): number =>
  weights.reduce((sum, weight) => sum + weightBytes(weight), 0);

/**
 * Writes an ONNX model, its weights streamed tensor by tensor: one file if that stays below 2 GB, else the graph and
 * `….onnx_data`, `….onnx_data_1` and so on beside it.
 * @param path ends in `.onnx`.
 * @returns the number of data files: 0 if the weights are in the model file itself.
 * @throws TitlesmithError when a file cannot be written or a tensor cannot be read.
 */
export async function writeOnnxModel(
  path: string,
  model: OnnxModel,
  source: WeightSource,
  limits: FileLimits = defaultLimits,
): Promise<{ readonly dataFiles: number }> {
  if (totalBytes(model.weights) <= limits.model) {
    await writeChunksAtomic(path, inlineModel(model, source));
    return { dataFiles: 0 };
  }
  const files = partition(model.weights, limits.dataFile);
  const locations = new Map<string, ExternalData>();
  for (const [index, weights] of files.entries()) {
    const suffix = index === 0 ? '_data' : `_data_${index}`;
    await writeChunksAtomic(`${path}${suffix}`, valuesOf(weights, source));
    const location = `${path.split(/[\\/]/).at(-1)}${suffix}`;
    let offset = 0;
    for (const weight of weights) {
      locations.set(weight.name, { location, offset });
      offset += weightBytes(weight);
    }
  }
  await writeFileAtomic(
    path,
    encodeWithExternalWeights(model, (name) => locations.get(name)!),
  );
  return { dataFiles: files.length };
}

/** Distributes weights over data files, each below the limit. */
function partition(weights: readonly OnnxWeight[], limit: number): OnnxWeight[][] {
  const files: OnnxWeight[][] = [[]];
  for (const weight of weights) {
    const file = files.at(-1)!;
    if (file.length > 0 && totalBytes(file) + weightBytes(weight) > limit) files.push([weight]);
    else file.push(weight);
  }
  return files;
}

/** Reads one weight at a time, so that no two are in memory together, and yields it in chunks of 16 MiB. */
async function* valuesOf(weights: readonly OnnxWeight[], source: WeightSource): AsyncGenerator<Uint8Array> {
  const chunkBytes = 1 << 24;
  for (const { name, shape } of weights) {
    const values = new Float32Array(elementCount(shape));
    await source.read(name, values);
    for (let start = 0; start < values.byteLength; start += chunkBytes) {
      yield new Uint8Array(values.buffer, start, Math.min(chunkBytes, values.byteLength - start));
    }
  }
}

/** Protobuf tags of the fields written by hand: field number and wire type 2 (length-delimited). */
const [graphTag, initializerTag, rawDataTag] = [(7 << 3) | 2, (5 << 3) | 2, (9 << 3) | 2];

/** A protobuf tag and the length of its content, as a varint. */
function prefixOf(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** The whole model as one file: after the encoded graph, the weights are streamed as further fields of it. */
async function* inlineModel(
  { proto: { graph, ...model }, weights }: OnnxModel,
  source: WeightSource,
): AsyncGenerator<Uint8Array> {
  const graphBytes = encodeMessage({ graph });
  const prefixes = weights.map((weight) => {
    const head = encodeMessage({ tensor: weightProto(weight) });
    const rawPrefix = prefixOf(rawDataTag, weightBytes(weight));
    const length = head.length + rawPrefix.length + weightBytes(weight);
    return Buffer.concat([prefixOf(initializerTag, length), head, rawPrefix]);
  });
  const length =
    prefixes.reduce((sum, { length: bytes }) => sum + bytes, graphBytes.length) + totalBytes(weights);
  yield encodeMessage({ model });
  yield prefixOf(graphTag, length);
  yield graphBytes;
  for (const [index, weight] of weights.entries()) {
    yield prefixes[index]!;
    yield* valuesOf([weight], source);
  }
}
