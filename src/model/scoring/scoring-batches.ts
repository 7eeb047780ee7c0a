import type { TokenIds } from '../tokenizer/tokenized-titles.js';
import { startOf, type Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { ScoringShape } from './scoring-graph.js';

/** Most tokens of a batch: enough to keep a device busy, so few that little of the last batch is padding. */
const batchTokens = 512;

/** Most logits of a batch, in elements (64 MiB of float32), unless a single title has more. */
const batchLogits = 1 << 24;

/** Titles for one run of a program, by their index. */
interface ScoringBatch {
  readonly shape: ScoringShape;
  /** At most as many as the shape has rows. */
  readonly titles: readonly number[];
}

/**
 * Batches of titles of like length: the longest first, each batch as long as its longest title, rounded up so that a
 * vocabulary of titles needs few shapes; a length always has the same number of rows.
 * @param positions of each title: its tokens and the start token, at most the model's context.
 */
export function scoringBatches(
  positions: readonly number[],
  { contextLength, vocabularySize }: TransformerConfiguration,
): ScoringBatch[] {
  const most = Math.min(batchTokens, Math.floor(batchLogits / vocabularySize));
  const order = [...positions.keys()].sort((a, b) => positions[b]! - positions[a]! || a - b);
  const batches: ScoringBatch[] = [];
  for (let first = 0; first < order.length; first += batches.at(-1)!.titles.length) {
    const length = Math.min(roundedLength(positions[order[first]!]!), contextLength);
    const rows = Math.max(1, Math.floor(most / length));
    batches.push({ shape: { rows, length }, titles: order.slice(first, first + rows) });
  }
  return batches;
}

/** A length rounded up to a multiple of 8, or of an eighth to a quarter of itself: at most a quarter of a row is padding. */
function roundedLength(positions: number): number {
  const step = Math.max(8, 2 ** (Math.floor(Math.log2(positions)) - 2));
  return Math.ceil(positions / step) * step;
}

/** A batch of N = B·T tokens as arrays. */
interface ScoringInputs {
  /** Int32 [N]; each title behind its start token, then end tokens as padding. */
  readonly inputIds: Int32Array;
  /** Int32 [N]; in each row from 0 on. */
  readonly positionIds: Int32Array;
  /** Int32 [N]; the token after each input. */
  readonly targetIds: Int32Array;
}

/** @param texts the tokens of a batch's titles. @param ends the tokens that end and start every title. */
export function scoringInputs(
  { rows, length }: ScoringShape,
  texts: readonly TokenIds[],
  ends: Pick<Tokenizer, 'endOfTextId' | 'startOfTextId'>,
): ScoringInputs {
  const inputIds = new Int32Array(rows * length).fill(ends.endOfTextId);
  const targetIds = inputIds.slice();
  const positionIds = inputIds.map((_, token) => token % length);
  for (const [row, text] of texts.entries()) {
    inputIds[row * length] = startOf(ends);
    inputIds.set(text, row * length + 1);
    targetIds.set(text, row * length);
  }
  return { inputIds, positionIds, targetIds };
}
