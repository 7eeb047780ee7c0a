import { AtomicFile } from '../../../io/atomic-file.js';
import { encodePart, type ModelProto, onnxTypes, type TensorProto } from '../../engine/onnx/schema.js';
import { elementCount } from '../../graph/shape.js';
import type { ParameterSpecification } from '../parameters.js';
import type { WeightSource } from '../weight-source.js';

/** Bytes of weights in one file. */
export interface FileLimits {
  /** In the model itself; larger models keep their weights beside the graph. */
  readonly model: number;
  readonly dataFile: number;
}

/** protobuf reads messages up to 2 GiB, and browsers hold no more than that in one piece. */
const defaultLimits: FileLimits = { model: 1.9e9, dataFile: 1.9e9 };

/** ONNX IR 8 and opset 17 (the first with layer normalization): what every current runtime reads. */
const header = { irVersion: 8, producerName: 'titlesmith', opsetImport: [{ domain: '', version: 17 }] };

/**
 * Protobuf tags of the fields written by hand: their number and wire type 2 (bytes that follow their length).
 */
const [graphTag, initializerTag, rawDataTag] = [(7 << 3) | 2, (5 << 3) | 2, (9 << 3) | 2];

/** A tag and the length of what follows, as protobuf writes them. */
function prefixOf(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

const sizeInBytes = ({ shape }: ParameterSpecification): number => 4 * elementCount(shape);

function tensorHeader({ name, shape }: ParameterSpecification): TensorProto {
  return { name, dims: [...shape], dataType: onnxTypes.float32 };
}

/** Reads one parameter after the other, so that only the largest is ever in memory. */
async function* bytesOf(
  parameters: readonly ParameterSpecification[],
  weights: WeightSource,
): AsyncGenerator<[ParameterSpecification, Uint8Array]> {
  for (const parameter of parameters) {
    const values = new Float32Array(elementCount(parameter.shape));
    await weights.read(parameter.name, values);
    yield [parameter, new Uint8Array(values.buffer)];
  }
}

async function writeFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await AtomicFile.create(path);
  const pieceBytes = 1 << 24;
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += pieceBytes) {
        await file.write(chunk.subarray(start, start + pieceBytes));
      }
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
}

/** The whole model as one file: a graph whose weights are streamed into it. */
async function* inlineModel(
  graph: ModelProto['graph'],
  parameters: readonly ParameterSpecification[],
  weights: WeightSource,
): AsyncGenerator<Uint8Array> {
  const graphBytes = encodePart({ graph });
  const prefixes = new Map(
    parameters.map((parameter) => {
      const head = encodePart({ tensor: tensorHeader(parameter) });
      const rawPrefix = prefixOf(rawDataTag, sizeInBytes(parameter));
      const length = head.length + rawPrefix.length + sizeInBytes(parameter);
      return [parameter.name, Buffer.concat([prefixOf(initializerTag, length), head, rawPrefix])];
    }),
  );
  const initializers = parameters.map(
    (parameter) => prefixes.get(parameter.name)!.length + sizeInBytes(parameter),
  );
  const length = initializers.reduce((sum, bytes) => sum + bytes, graphBytes.length);
  yield encodePart({ model: header });
  yield prefixOf(graphTag, length);
  yield graphBytes;
  for await (const [parameter, bytes] of bytesOf(parameters, weights)) {
    yield prefixes.get(parameter.name)!;
    yield bytes;
  }
}

/** Parameters by the data file they go to, each file below the limit. */
function partition(parameters: readonly ParameterSpecification[], limit: number): ParameterSpecification[][] {
  const files: ParameterSpecification[][] = [[]];
  let size = 0;
  for (const parameter of parameters) {
    if (size > 0 && size + sizeInBytes(parameter) > limit) {
      files.push([]);
      size = 0;
    }
    files.at(-1)!.push(parameter);
    size += sizeInBytes(parameter);
  }
  return files;
}

function externalTensors(parameters: readonly ParameterSpecification[], location: string): TensorProto[] {
  let offset = 0;
  return parameters.map((parameter) => {
    const entries = { location, offset: String(offset), length: String(sizeInBytes(parameter)) };
    offset += sizeInBytes(parameter);
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    return { ...tensorHeader(parameter), externalData, dataLocation: 1 };
  });
}

/** What was written: 0 data files where the weights are in the model itself. */
export interface WrittenModel {
  readonly dataFiles: number;
}

/**
 * Writes an ONNX model, its weights streamed tensor by tensor: one file where that is below 2 GB, else the
 * graph and `….onnx_data`, `….onnx_data_1` and so on beside it.
 * @param path ends in `.onnx`.
 * @throws TitlesmithError when a file cannot be written or a tensor not be read.
 */
export async function writeOnnxModel(
  path: string,
  graph: ModelProto['graph'],
  parameters: readonly ParameterSpecification[],
  weights: WeightSource,
  limits: FileLimits = defaultLimits,
): Promise<WrittenModel> {
  const total = parameters.reduce((sum, parameter) => sum + sizeInBytes(parameter), 0);
  if (total <= limits.model) {
    await writeFile(path, inlineModel(graph, parameters, weights));
    return { dataFiles: 0 };
  }
  const files = partition(parameters, limits.dataFile);
  const initializer = [...graph.initializer];
  for (const [index, part] of files.entries()) {
    const suffix = index === 0 ? '_data' : `_data_${index}`;
    await writeFile(`${path}${suffix}`, values(part, weights));
    initializer.push(...externalTensors(part, `${path.split(/[\\/]/).at(-1)}${suffix}`));
  }
  await writeFile(path, inlineModel({ ...graph, initializer }, [], weights));
  return { dataFiles: files.length };
}

async function* values(
  parameters: readonly ParameterSpecification[],
  weights: WeightSource,
): AsyncGenerator<Uint8Array> {
  for await (const [, bytes] of bytesOf(parameters, weights)) yield bytes;
}
