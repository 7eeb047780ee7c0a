import { createRandom } from '../../common/random.js';
import { maskedScore } from '../graph/op-table.js';
import { promptLength, type TokenizedTitles } from '../tokenizer/tokenized-titles.js';
import { type PackedRows, packTitles } from './packing.js';

/** Sizes of one batch: B rows of T tokens. */
export interface BatchShape {
  readonly rows: number;
  readonly rowLength: number;
}

/** B rows of T tokens, N = B·T. */
export interface Batch {
  /** [N] */
  readonly inputIds: Int32Array;
  /** [N]; positions restart at each title. */
  readonly positionIds: Int32Array;
  /** [N]; the token after each input; after a title's last token, the end token. */
  readonly targetIds: Int32Array;
  /** [N]; 1 for a target, 0 for padding, and for a prompt's tokens where only titles are learned. */
  readonly targetWeights: Float32Array;
  /** [B,1,T,T]; 0 where the query (row) may see the key (column): same title, not later. Padding sees itself. */
  readonly attentionMask: Float32Array;
  /** Number of targets of weight 1. */
  readonly targetCount: number;
  readonly titleCount: number;
}

interface BatchOptions {
  readonly batchSize: number;
  readonly rowLength: number;
  /** The token that ends every title. */
  readonly endOfTextId: number;
  /** The token that starts every title, where that is another. */
  readonly startOfTextId?: number | undefined;
  /** Tokens that end a prompt before a title: what stands up to the last of them is read, but not learned. */
  readonly promptEnds?: ReadonlySet<number> | undefined;
}

/** A packed row; neighbouring rows may come from different epochs. */
interface RowReference {
  readonly packed: PackedRows;
  readonly row: number;
}

/** Builds a batch from packed rows: a block-diagonal causal mask keeps titles from seeing each other. */
function fillBatch(
  titles: TokenizedTitles,
  rows: readonly RowReference[],
  { batchSize, rowLength, endOfTextId, startOfTextId = endOfTextId, promptEnds }: BatchOptions,
): Batch {
  const tokens = batchSize * rowLength;
  const inputIds = new Int32Array(tokens).fill(endOfTextId);
  const targetIds = new Int32Array(tokens).fill(endOfTextId);
  const positionIds = new Int32Array(tokens);
  const targetWeights = new Float32Array(tokens);
  const attentionMask = new Float32Array(tokens * rowLength).fill(maskedScore);
  let [targetCount, titleCount] = [0, 0];
  for (let position = 0; position < tokens; position++) {
    attentionMask[position * rowLength + (position % rowLength)] = 0;
  }
  for (const [batchRow, { packed, row }] of rows.entries()) {
    let start = batchRow * rowLength;
    for (const title of packed.titleIndices.subarray(packed.rowOffsets[row], packed.rowOffsets[row + 1])) {
      const text = titles.tokensOf(title);
      const end = start + text.length + 1;
      inputIds[start] = startOfTextId;
      inputIds.set(text, start + 1);
      targetIds.set(text, start);
      const learned = start + promptLength(text, promptEnds);
      targetWeights.fill(1, learned, end);
      for (let position = start; position < end; position++) {
        positionIds[position] = position - start;
        const seen = position * rowLength + (start % rowLength);
        attentionMask.fill(0, seen, seen + position - start + 1);
      }
      targetCount += end - learned;
      titleCount += 1;
      start = end;
    }
  }
  return { inputIds, positionIds, targetIds, targetWeights, attentionMask, targetCount, titleCount };
}

/**
 * The training batches, each a function of the seed and its number alone: every epoch packs all titles again, and rows
 * continue from one epoch to the next, so that every batch is full.
 */
export class BatchStream {
  private readonly epochs = new Map<number, PackedRows>();

  constructor(
    private readonly titles: TokenizedTitles,
    private readonly options: BatchOptions & { readonly seed: number },
  ) {}

  /** Epochs differ in order but not in the lengths packed, so all have the same number of rows. */
  get rowsPerEpoch(): number {
    return this.epoch(0).rowCount;
  }

  private epoch(number: number): PackedRows {
    const known = this.epochs.get(number);
    if (known) return known;
    const random = createRandom(this.options.seed, 'epoch', number);
    const packed = packTitles(this.titles, this.options.rowLength, random);
    for (const old of this.epochs.keys()) if (old < number - 1 && old !== 0) this.epochs.delete(old);
    this.epochs.set(number, packed);
    return packed;
  }

  /** @param number of the batch, from 0. */
  batch(number: number): Batch {
    const { batchSize } = this.options;
    const { rowsPerEpoch } = this;
    const rows = Array.from({ length: batchSize }, (_, index) => {
      const position = number * batchSize + index;
      return { packed: this.epoch(Math.floor(position / rowsPerEpoch)), row: position % rowsPerEpoch };
    });
    return fillBatch(this.titles, rows, this.options);
  }
}

/** Every title once, in a fixed order; the last batch is padded. */
export function* evaluationBatches(titles: TokenizedTitles, options: BatchOptions): Generator<Batch> {
  const packed = packTitles(titles, options.rowLength, createRandom(0, 'evaluation'));
  for (let first = 0; first < packed.rowCount; first += options.batchSize) {
    const length = Math.min(options.batchSize, packed.rowCount - first);
    const rows = Array.from({ length }, (_, index) => ({ packed, row: first + index }));
    yield fillBatch(titles, rows, options);
  }
}
