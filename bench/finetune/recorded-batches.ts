import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../../src/model/training/batches.js';

/** Sizes of batches on disk; the arrays lie beside it, little-endian, one batch after the other. */
export interface BatchDescription {
  readonly batches: number;
  readonly rows: number;
  readonly rowLength: number;
  readonly vocabularySize: number;
  /** Titles in each batch. */
  readonly titles: readonly number[];
}

const integers = ['inputIds', 'positionIds', 'targetIds'] as const;
const floats = ['targetWeights', 'attentionMask'] as const;

/** What a training step is fed with; weights already divided by the number of targets. */
export type StepFeeds = Pick<Batch, (typeof integers)[number] | (typeof floats)[number]>;

const concatenate = (arrays: readonly (Int32Array | Float32Array)[]): Buffer =>
  Buffer.concat(
    arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );

/** A batch with its weights divided by the number of targets. */
export function stepFeeds({ targetCount, ...batch }: Batch): StepFeeds {
  const { inputIds, positionIds, targetIds, attentionMask } = batch;
  const targetWeights = batch.targetWeights.map((weight) => weight / targetCount);
  return { inputIds, positionIds, targetIds, attentionMask, targetWeights };
}

/** Writes batches so that every contestant trains on the same. */
export function recordBatches(
  folder: string,
  batches: readonly Batch[],
  sizes: Pick<BatchDescription, 'rows' | 'rowLength' | 'vocabularySize'>,
): void {
  mkdirSync(folder, { recursive: true });
  for (const name of integers)
    writeFileSync(join(folder, name), concatenate(batches.map((batch) => batch[name])));
  const weights = batches.map(({ targetWeights, targetCount }) => targetWeights.map((w) => w / targetCount));
  writeFileSync(join(folder, 'targetWeights'), concatenate(weights));
  writeFileSync(join(folder, 'attentionMask'), concatenate(batches.map((batch) => batch.attentionMask)));
  const titles = batches.map(({ titleCount }) => titleCount);
  const description: BatchDescription = { ...sizes, batches: batches.length, titles };
  writeFileSync(join(folder, 'description.json'), JSON.stringify(description));
}

export function readDescription(folder: string): BatchDescription {
  return JSON.parse(readFileSync(join(folder, 'description.json'), 'utf8')) as BatchDescription;
}

/** Batches of a folder that `recordBatches` wrote. */
export function readBatches(folder: string): StepFeeds[] {
  const { batches } = readDescription(folder);
  const read = (name: string): Uint8Array[] => {
    const bytes = readFileSync(join(folder, name));
    const size = bytes.length / batches;
    return Array.from({ length: batches }, (_, batch) => bytes.slice(batch * size, (batch + 1) * size));
  };
  const [inputIds, positionIds, targetIds] = integers.map((name) =>
    read(name).map((bytes) => new Int32Array(Uint8Array.from(bytes).buffer)),
  ) as [Int32Array[], Int32Array[], Int32Array[]];
  const [targetWeights, attentionMask] = floats.map((name) =>
    read(name).map((bytes) => new Float32Array(Uint8Array.from(bytes).buffer)),
  ) as [Float32Array[], Float32Array[]];
  return inputIds.map((ids, batch) => ({
    inputIds: ids,
    positionIds: positionIds[batch]!,
    targetIds: targetIds[batch]!,
    targetWeights: targetWeights[batch]!,
    attentionMask: attentionMask[batch]!,
  }));
}
