import { join } from 'node:path';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { writeChunksAtomic, writeFileAtomic } from '../../io/atomic-file.js';
import { encodePart } from '../engine/onnx/schema.js';
import {
  type ExternalData,
  encodeWithExternalWeights,
  type OnnxModel,
  type OnnxWeight,
  weightBytes,
  weightProto,
} from '../engine/onnx/writer.js';
import { elementCount } from '../graph/shape.js';
import { formatConfiguration } from '../transformer/configuration.js';
import { onnxGenerationModel } from '../transformer/onnx-graph.js';
import { type WeightSource, watchedWeights } from '../transformer/weight-source.js';
import type { OpenModel } from './open-model.js';

/**
 * Writes a folder that transformers.js and other users of ONNX Runtime generate from: onnx/model.onnx,
 * config.json, generation_config.json and the tokenizer's files.
 * @throws TitlesmithError when a file cannot be written or a tensor not be read; InterruptedError when the
 *   context asks to stop.
 */
export async function exportOnnxFolder(
  { configuration, tokenizer, weights }: OpenModel,
  folder: string,
  context: WorkContext = silentContext,
): Promise<void> {
  const { endOfTextId } = tokenizer;
  const model = onnxGenerationModel(configuration);
  const path = join(folder, 'onnx', 'model.onnx');
  const watched = watchedWeights(weights, model.weights.length, context);
  const { dataFiles } = await writeOnnxModel(path, model, watched);
  const external = dataFiles > 0 ? { use_external_data_format: { 'model.onnx': dataFiles } } : {};
  const description = JSON.parse(formatConfiguration(configuration, endOfTextId)) as Record<string, unknown>;
  // Without it transformers.js looks for quantized weights in a browser.
  const settings = { 'transformers.js_config': { dtype: 'fp32', ...external } };
  await writeFileAtomic(join(folder, 'config.json'), json({ ...description, ...settings }));
  const generation = { bos_token_id: endOfTextId, eos_token_id: endOfTextId, pad_token_id: endOfTextId };
  await writeFileAtomic(join(folder, 'generation_config.json'), json(generation));
  for (const [name, content] of tokenizer.files()) await writeFileAtomic(join(folder, name), content);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Bytes of weights in one file. */
interface FileLimits {
  /** In the model itself; larger models keep their weights beside the graph. */
  readonly model: number;
  readonly dataFile: number;
}

/** protobuf reads messages up to 2 GiB, and browsers hold no more than that in one piece. */
const defaultLimits: FileLimits = { model: 1.9e9, dataFile: 1.9e9 };

const totalBytes = (weights: readonly OnnxWeight[]): number =>
  weights.reduce((sum, weight) => sum + weightBytes(weight), 0);

/**
 * Writes an ONNX model, its weights streamed tensor by tensor: one file where that is below 2 GB, else the
 * graph and `….onnx_data`, `….onnx_data_1` and so on beside it.
 * @param path ends in `.onnx`.
 * @returns the number of files beside it: 0 where the weights are in the model itself.
 * @throws TitlesmithError when a file cannot be written or a tensor not be read.
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
  const places = new Map<string, ExternalData>();
  for (const [index, weights] of files.entries()) {
    const suffix = index === 0 ? '_data' : `_data_${index}`;
    await writeChunksAtomic(`${path}${suffix}`, valuesOf(weights, source));
    const location = `${path.split(/[\\/]/).at(-1)}${suffix}`;
    let offset = 0;
    for (const weight of weights) {
      places.set(weight.name, { location, offset });
      offset += weightBytes(weight);
    }
  }
  await writeFileAtomic(
    path,
    encodeWithExternalWeights(model, (name) => places.get(name)!),
  );
  return { dataFiles: files.length };
}

/** Weights by the data file they go to, each file below the limit. */
function partition(weights: readonly OnnxWeight[], limit: number): OnnxWeight[][] {
  const files: OnnxWeight[][] = [[]];
  for (const weight of weights) {
    const file = files.at(-1)!;
    if (file.length > 0 && totalBytes(file) + weightBytes(weight) > limit) files.push([weight]);
    else file.push(weight);
  }
  return files;
}

/** Reads one weight after the other, so that only the largest is ever in memory, and gives 16 MiB of it at a time. */
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

/** Protobuf tags of the fields written by hand: their number and wire type 2 (bytes that follow their length). */
const [graphTag, initializerTag, rawDataTag] = [(7 << 3) | 2, (5 << 3) | 2, (9 << 3) | 2];

/** A tag and the length of what follows, as protobuf writes them. */
function prefixOf(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** The whole model as one file: behind the encoded graph its weights, which are fields of it, are streamed. */
async function* inlineModel(
  { proto: { graph, ...model }, weights }: OnnxModel,
  source: WeightSource,
): AsyncGenerator<Uint8Array> {
  const graphBytes = encodePart({ graph });
  const prefixes = weights.map((weight) => {
    const head = encodePart({ tensor: weightProto(weight) });
    const rawPrefix = prefixOf(rawDataTag, weightBytes(weight));
    const length = head.length + rawPrefix.length + weightBytes(weight);
    return Buffer.concat([prefixOf(initializerTag, length), head, rawPrefix]);
  });
  const length =
    prefixes.reduce((sum, { length: bytes }) => sum + bytes, graphBytes.length) + totalBytes(weights);
  yield encodePart({ model });
  yield prefixOf(graphTag, length);
  yield graphBytes;
  for (const [index, weight] of weights.entries()) {
    yield prefixes[index]!;
    yield* valuesOf([weight], source);
  }
}
