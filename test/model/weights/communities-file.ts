import { baseWeightsHash } from '../../../src/model/weights/base-model.js';
import { safetensorsFile, type WritableTensor } from '../../../src/model/weights/safetensors-bytes.js';

/** What a file of communities is to hold. */
interface FileContent {
  readonly names: readonly string[];
  /** For each name as many whole numbers as the model is wide, and what they are multiplied by. */
  readonly vectors: readonly { readonly scale: number; readonly row: readonly number[] }[];
  /** Instead of what belongs there. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What becomes of the tensors before they are written. */
  readonly change?: (tensors: WritableTensor[]) => readonly WritableTensor[];
}

/** The bytes of a file of communities. */
export function communitiesBytes(content: FileContent): Uint8Array {
  const { names, vectors, metadata, change = (tensors) => tensors } = content;
  const rows = Int8Array.from(vectors.flatMap(({ row }) => row));
  const scales = Float32Array.from(vectors.map(({ scale }) => scale));
  const tensors: WritableTensor[] = [
    { name: 'communities.scale', shape: [vectors.length], values: () => scales },
    {
      name: 'communities',
      shape: [vectors.length, rows.length / vectors.length],
      dtype: 'I8',
      values: () => rows,
    },
  ];
  const file = safetensorsFile('communities.safetensors', change(tensors), {
    format: 'titlesmith-communities-1',
    base_sha256: baseWeightsHash,
    names: names.join('\n'),
    ...metadata,
  });
  return Buffer.concat([...file.chunks()].map((chunk) => Buffer.from(chunk)));
}
