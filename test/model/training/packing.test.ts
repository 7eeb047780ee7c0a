import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { TokenizedTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import { type Batch, BatchStream, evaluationBatches } from '../../../src/model/training/batches.js';
import { packTitles, titlePositions } from '../../../src/model/training/packing.js';

const endOfTextId = 999;

function tokenized(titles: readonly (readonly number[])[]): TokenizedTitles {
  const offsets = new Uint32Array(titles.length + 1);
  for (const [index, title] of titles.entries()) offsets[index + 1] = offsets[index]! + title.length;
  return { offsets, tokensOf: (title) => Uint16Array.from(titles[title]!) };
}

/** Titles of lengths like those of real ones: log-normal, median 15 tokens. */
function titleLike(count: number): number[][] {
  const random = createRandom(3, 'titles');
  return Array.from({ length: count }, () => {
    const length = Math.min(62, Math.max(2, Math.round(15 * Math.exp(0.5 * random.normal()))));
    return Array.from({ length }, () => random.integer(900));
  });
}

/** What a batch says, read back title by title from its targets, sorted. */
function titlesOf(batch: Batch): string[] {
  const titles: string[] = [];
  let current: number[] = [];
  for (const [position, weight] of batch.targetWeights.entries()) {
    if (weight === 0) continue;
    const target = batch.targetIds[position]!;
    if (target === endOfTextId) {
      titles.push(current.join(' '));
      current = [];
    } else current.push(target);
  }
  return titles;
}

const texts = (titles: readonly (readonly number[])[]): string[] =>
  titles.map((title) => title.join(' ')).toSorted();

describe('packTitles', () => {
  it('holds every title once and never overfills a row', () => {
    const title = fc.array(fc.nat(900), { maxLength: 15 });
    fc.assert(
      fc.property(fc.array(title, { maxLength: 60 }), fc.nat(), (list, seed) => {
        const titles = tokenized(list);
        const packed = packTitles(titles, 16, createRandom(seed));
        expect([...packed.titleIndices].toSorted((a, b) => a - b)).toEqual([...list.keys()]);
        for (let row = 0; row < packed.rowCount; row++) {
          const members = packed.titleIndices.subarray(packed.rowOffsets[row], packed.rowOffsets[row + 1]);
          const used = [...members].reduce((sum, index) => sum + titlePositions(titles, index), 0);
          expect(used).toBeGreaterThan(0);
          expect(used).toBeLessThanOrEqual(16);
        }
      }),
    );
  });

  it('fills rows of 64 by more than 95 % on lengths like those of titles', () => {
    const list = titleLike(5000);
    const packed = packTitles(tokenized(list), 64, createRandom(1));
    const positions = list.reduce((sum, title) => sum + title.length + 1, 0);
    expect(positions / (packed.rowCount * 64)).toBeGreaterThan(0.95);
  });

  it('refuses a title longer than a row', () => {
    expect(() => packTitles(tokenized([[1, 2, 3]]), 3, createRandom(1))).toThrow(
      'title 0 takes 4 of 3 positions',
    );
  });
});

describe('batches', () => {
  const list = titleLike(300);
  const options = { batchSize: 4, rowLength: 64, endOfTextId, seed: 11 };

  it('lay a title out as start and tokens, against tokens and end', () => {
    const [batch] = evaluationBatches(tokenized([[5, 6]]), { batchSize: 1, rowLength: 5, endOfTextId });
    expect([...batch!.inputIds]).toEqual([endOfTextId, 5, 6, endOfTextId, endOfTextId]);
    expect([...batch!.targetIds]).toEqual([5, 6, endOfTextId, endOfTextId, endOfTextId]);
    expect([...batch!.targetWeights]).toEqual([1, 1, 1, 0, 0]);
    expect([...batch!.positionIds]).toEqual([0, 1, 2, 0, 0]);
    expect(batch!.targetCount).toBe(3);
  });

  it('let a token see its own title up to itself, and nothing else', () => {
    const [batch] = evaluationBatches(tokenized([[1, 2], [3]]), { batchSize: 1, rowLength: 6, endOfTextId });
    const sees = (query: number): number[] => {
      const row = [...batch!.attentionMask.slice(query * 6, query * 6 + 6)];
      return row.flatMap((score, key) => (score === 0 ? [key] : []));
    };
    expect([0, 1, 2, 3, 4, 5].map(sees)).toEqual([[0], [0, 1], [0, 1, 2], [3], [3, 4], [5]]);
  });

  it('evaluate each title exactly once', () => {
    const batches = [...evaluationBatches(tokenized(list), options)];
    expect(batches.flatMap(titlesOf).toSorted()).toEqual(texts(list));
  });

  it('train on each title once an epoch, and on full batches across epochs', () => {
    const stream = new BatchStream(tokenized(list), options);
    const rowsToSee = stream.rowsPerEpoch * 4;
    const seen: string[] = [];
    for (let step = 0; step * 4 < rowsToSee; step++) seen.push(...titlesOf(stream.batch(step)));
    const fourEpochs = Array.from({ length: 4 }, () => texts(list)).flat();
    expect(seen.toSorted()).toEqual(fourEpochs.toSorted());
  });

  it('depend on seed and step alone, in whatever order they are asked for', () => {
    const [first, second] = [
      new BatchStream(tokenized(list), options),
      new BatchStream(tokenized(list), options),
    ];
    const late = first.batch(60);
    for (let step = 0; step < 60; step++) second.batch(step);
    expect(second.batch(60)).toEqual(late);
    expect(new BatchStream(tokenized(list), { ...options, seed: 12 }).batch(60)).not.toEqual(late);
  });
});
