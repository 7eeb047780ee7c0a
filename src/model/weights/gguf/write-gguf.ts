import { join } from 'node:path';
import type { WorkContext } from '../../../common/progress.js';
import { writeChunksAtomic } from '../../../io/atomic-file.js';
import type { GgufType } from '../../../options/choices.js';
import { elementCount } from '../../graph/shape.js';
import type { TransformerConfiguration } from '../../transformer/configuration.js';
import { type WeightSource, weightsWithProgress } from '../../transformer/weight-source.js';
import type { OpenModel } from '../open-model.js';
import { type StoredTensor, storedLayout, storedValues } from '../stored-tensors.js';
import { describedMetadata } from './described-metadata.js';
import { encodeRows, type PlannedTensor, type WrittenType, writtenTypes } from './encode-blocks.js';
import { pairBytes, type TypedValue, textBytes, uint32Bytes, uint64Bytes } from './metadata-values.js';
import { alignment, modelMetadata } from './model-metadata.js';
import { factorTensor, rotaryFactors } from './rotary-factors.js';
import { possibleNames, tensorNames } from './tensor-names.js';

/** The file in an exported folder. */
const ggufFile = 'model.gguf';
interface PlannedPart extends PlannedTensor {
  /** What it is of a parameter. */
  readonly part: StoredTensor;
}

/** The tensors of the file by the parameter that they are made of. */
type Plan = ReadonlyMap<string, readonly PlannedPart[]>;

const bytesOf = ({ sizes, type }: PlannedTensor): number => (elementCount(sizes) / type.values) * type.bytes;
const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * The type of a tensor, as llama.cpp's conversion chooses it: vectors, norms and embeddings of positions stay float32, and
 * matrices whose rows the blocks of 8 bits do not divide are float16.
 */
function typeOf(name: string, sizes: readonly number[], asked: GgufType): WrittenType {
  if (sizes.length === 1 || name === 'position_embd.weight') return writtenTypes.f32;
  const type = writtenTypes[asked];
  return sizes[0]! % type.values === 0 ? type : writtenTypes.f16;
}

function planTensors(configuration: TransformerConfiguration, type: GgufType): Plan {
  const architecture = configuration.llama ? 'llama' : 'gpt2';
  const headWidth = configuration.llama?.headWidth ?? 1;
  const names = tensorNames(architecture, possibleNames(architecture, configuration.layers), headWidth);
  const { tensors } = storedLayout(configuration);
  return new Map(
    [...tensors].map(([parameter, parts]) => [
      parameter,
      parts.map((part) => {
        const { stored, form } = names.get(part.name)!;
        const sizes = form === 'transposed' ? part.shape : part.shape.toReversed();
        return { name: stored, sizes, form, part, type: typeOf(stored, sizes, type) };
      }),
    ]),
  );
}

/** @returns undefined where positions are not scaled as Llama 3's. */
function frequencyFactors({ llama }: TransformerConfiguration): Float32Array | undefined {
  if (llama?.rotary.scaling?.kind !== 'llama3') return undefined;
  return rotaryFactors(llama.rotary.base, llama.rotary.scaling, llama.headWidth);
}

function headerOf(tensors: readonly PlannedTensor[], metadata: ReadonlyMap<string, TypedValue>): Buffer {
  let offset = 0;
  const entries = tensors.map((tensor) => {
    const { name, sizes, type } = tensor;
    const start = offset;
    offset += padded(bytesOf(tensor));
    const shape = [uint32Bytes(sizes.length), ...sizes.map(uint64Bytes)];
    return Buffer.concat([textBytes(name), ...shape, uint32Bytes(type.number), uint64Bytes(start)]);
  });
  const version = 3;
  const counts = [uint64Bytes(tensors.length), uint64Bytes(metadata.size)];
  const pairs = [...metadata].map(([key, value]) => pairBytes(key, value));
  return Buffer.concat([Buffer.from('GGUF'), uint32Bytes(version), ...counts, ...pairs, ...entries]);
}

const padding = (bytes: number): Uint8Array => new Uint8Array(padded(bytes) - bytes);

async function* chunksOf(
  plan: Plan,
  factors: Float32Array | undefined,
  metadata: ReadonlyMap<string, TypedValue>,
  weights: WeightSource,
): AsyncGenerator<Uint8Array> {
  const planned: PlannedTensor = {
    name: factorTensor,
    sizes: [factors?.length ?? 0],
    type: writtenTypes.f32,
    form: 'same',
  };
  const own = factors ? [planned] : [];
  const header = headerOf([...own, ...[...plan.values()].flat()], metadata);
  yield header;
  yield padding(header.length);
  if (factors) {
    yield* encodeRows(planned, factors);
    yield padding(factors.byteLength);
  }
  for (const [parameter, tensors] of plan) {
    const parts = tensors.map(({ part }) => part);
    const values = new Float32Array(parts.reduce((sum, { shape }) => sum + elementCount(shape), 0));
    await weights.read(parameter, values);
    for (const tensor of tensors) {
      yield* encodeRows(tensor, storedValues(tensor.part, parts, values));
      yield padding(bytesOf(tensor));
    }
  }
}

/** @returns the sentence that says which tensors are float16 though 8 bits were asked for; undefined: none. */
function fallbackNote(plan: Plan, asked: GgufType): string | undefined {
  if (asked !== 'q8_0') return undefined;
  const fallen = [...plan.values()].flat().filter(({ type }) => type === writtenTypes.f16);
  const [first] = fallen;
  if (!first) return undefined;
  const others = fallen.length > 1 ? ` and ${fallen.length - 1} more` : '';
  return (
    `Q8_0 needs rows of a multiple of ${writtenTypes.q8_0.values} values: ${first.name}, with rows of ${first.sizes[0]}` +
    `${others ? `,${others}` : ''} ${others ? 'are' : 'is'} written as F16, as llama.cpp does.`
  );
}

/**
 * Writes model.gguf, which llama.cpp opens: the weights, streamed parameter by parameter, and the tokenizer in the metadata.
 * @param name of the model, for people.
 * @throws TitlesmithError when llama.cpp has no such tokenizer, a value does not fit the type, a file cannot be written or a
 *   tensor cannot be read; InterruptedError when the context asks to stop.
 */
export async function exportGgufFolder(
  { configuration, tokenizer, weights }: OpenModel,
  folder: string,
  { name, type }: { readonly name: string; readonly type: GgufType },
  context: WorkContext,
): Promise<void> {
  const { pairs, differences } = describedMetadata(tokenizer, configuration.vocabularySize);
  const plan = planTensors(configuration, type);
  const fallen = fallbackNote(plan, type);
  for (const message of [...(fallen === undefined ? [] : [fallen]), ...differences])
    context.onProgress({ kind: 'warning', message });
  const metadata = new Map([...modelMetadata(configuration, name, type), ...pairs]);
  const watched = weightsWithProgress(weights, plan.size, context);
  const chunks = chunksOf(plan, frequencyFactors(configuration), metadata, watched);
  await writeChunksAtomic(join(folder, ggufFile), chunks);
}
