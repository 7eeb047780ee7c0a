import type { NumericArray } from '../../../src/model/engine/engine.js';
import { type Batch, BatchStream } from '../../../src/model/training/batches.js';
import { parameterFeeds, type TrainableModel } from '../../../src/model/training/trainable-model.js';

/** What tests of models of published size have in common: titles packed into one batch, and errors of many tensors. */
type Titles = readonly (readonly number[])[];

interface Packing {
  readonly batchSize: number;
  readonly rowLength: number;
  readonly startOfTextId?: number | undefined;
  readonly endOfTextId: number;
}

/** Titles, as tokens, packed into the rows of one batch. @throws Error where the rows do not hold them all. */
export function packedTitles(titles: Titles, packing: Packing): Batch {
  const ends = titles.map((_, title) => titles.slice(0, title + 1).flat().length);
  const tokenized = {
    offsets: Uint32Array.from([0, ...ends]),
    tokensOf: (title: number) => Uint16Array.from(titles[title]!),
  };
  const batch = new BatchStream(tokenized, { ...packing, seed: 1 }).batch(0);
  if (batch.titleCount !== titles.length) throw new Error(`${batch.titleCount} of ${titles.length} fit`);
  return batch;
}

/** A batch and all parameters as inputs of the loss graphs, weights divided by their sum. */
export function trainingFeeds(batch: Batch, model: TrainableModel): Record<string, NumericArray> {
  const { inputIds, positionIds, targetIds, attentionMask, targetCount } = batch;
  const targetWeights = batch.targetWeights.map((weight) => weight / targetCount);
  return { inputIds, positionIds, targetIds, attentionMask, targetWeights, ...parameterFeeds(model) };
}

/** Where each title of a batch begins. */
export function startsOf(batch: Batch, titles: Titles): number[] {
  return titles.map((title) =>
    batch.inputIds.findIndex((_, start) =>
      title.every((token, index) => batch.targetIds[start + index] === token),
    ),
  );
}

/** −ln softmax(logits) at an index. */
export function lossOf(logits: Float32Array, target: number): number {
  const largest = logits.reduce((most, value) => Math.max(most, value));
  const sum = logits.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum) - logits[target]!;
}

export const normOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** |actual − expected| / |expected|, as vectors. */
export function relativeDistance(actual: readonly number[], expected: readonly number[]): number {
  return Math.hypot(...actual.map((value, index) => value - expected[index]!)) / Math.hypot(...expected);
}

/** The largest error of each kind, and where it is. */
export class WorstErrors {
  private readonly found = new Map<string, { error: number; where: string }>();

  see(kind: string, where: string, error: number): void {
    if (!(error <= (this.found.get(kind)?.error ?? -1))) this.found.set(kind, { error, where });
  }

  of(kind: string): number {
    return this.found.get(kind)!.error;
  }

  toString(): string {
    const lines = [...this.found].map(
      ([kind, { error, where }]) => `${kind}: ${error.toExponential(1)} (${where})`,
    );
    return `Largest relative errors:\n${lines.join('\n')}`;
  }
}
