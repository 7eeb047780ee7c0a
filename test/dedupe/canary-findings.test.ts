import { describe, expect, it, test } from 'vitest';
import type { PlantedCanary, ScoredCanary } from '../../src/common/canaries.js';
import { createRandom } from '../../src/common/random.js';
import { areKnown, exactShare, exposures, findInCanaries, traces } from '../../src/dedupe/canary-findings.js';

/** Least squares by the normal equations, in fractions as exact as numbers allow: the plain way. */
function plainResiduals(rows: number[][], values: number[]): number[] {
  const width = rows[0]!.length;
  const matrix = Array.from({ length: width }, (_, i) => [
    ...Array.from({ length: width }, (__, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
    rows.reduce((sum, row, index) => sum + row[i]! * values[index]!, 0),
  ]);
  for (let pivot = 0; pivot < width; pivot++) {
    const best = matrix.slice(pivot).reduce((a, b) => (Math.abs(b[pivot]!) > Math.abs(a[pivot]!) ? b : a));
    const at = matrix.indexOf(best);
    [matrix[pivot], matrix[at]] = [matrix[at]!, matrix[pivot]!];
    for (const [other, row] of matrix.entries()) {
      if (other === pivot) continue;
      const factor = row[pivot]! / matrix[pivot]![pivot]!;
      for (let column = pivot; column <= width; column++) row[column]! -= factor * matrix[pivot]![column]!;
    }
  }
  const weights = matrix.map((row, index) => row[width]! / row[index]!);
  return values.map((value, index) => value - rows[index]!.reduce((sum, x, i) => sum + x * weights[i]!, 0));
}

const random = createRandom(3, 'canaries of the test');

/** A text whose loss follows from its others but for chance, less what the model has learned of it. */
function scored(learned: number, withStart: boolean): ScoredCanary {
  const tokens = 6 + random.integer(14);
  const unigram = 5 * tokens + 4 * random.normal();
  const trigram = unigram - 3 + 2 * random.normal();
  const start = 0.6 * unigram + 0.5 * tokens + 2 * random.normal();
  const model = 0.7 * (withStart ? start : unigram) + 0.3 * trigram + random.normal() - learned;
  return {
    text: `text ${random.uniform()}`,
    tokens,
    unigram,
    trigram,
    model,
    hardest: Math.max(0, 9 + random.normal() - learned / 4),
    ...(withStart ? { start } : {}),
  };
}

/** The bits of a rank among so many and itself, counted one by one. */
function bitsOf(value: number, others: readonly number[]): number {
  const rank = 1 + others.filter((other) => other <= value).length;
  return Math.log2(others.length + 1) - Math.log2(rank);
}

describe.each([true, false])('of canaries whose loss under the start is known: %s', (withStart) => {
  const references = Array.from({ length: 199 }, () => scored(0, withStart));
  const planted = [0, 0, 0, 1, 2, 4, 8].map(
    (learned): PlantedCanary => ({ repeats: 1, ...scored(learned, withStart) }),
  );

  it('exposures are the ranks of the hardest token', () => {
    const others = references.map(({ hardest }) => hardest);
    expect(exposures(planted, references)).toEqual(planted.map(({ hardest }) => bitsOf(hardest, others)));
  });

  it('known by heart are those that the model recites, where at most 1% of the references seem so', () => {
    const [sure, likely] = [
      { ...planted[0]!, hardest: 0.1 },
      { ...planted[1]!, hardest: 0.69 },
    ];
    const unsure = { ...planted[2]!, hardest: 0.7 };
    expect(areKnown([sure, likely, unsure], references)).toEqual([true, true, false]);
    // Two of 200 are 1%: with an easier one among the others it is still rare, with two it is not.
    const easier = { ...references[0]!, hardest: 0.2 };
    expect(areKnown([sure, likely], [easier, ...references.slice(1)])).toEqual([true, true]);
    expect(areKnown([sure, likely], [easier, easier, ...references.slice(2)])).toEqual([true, false]);
  });

  it('traces are the ranks of what least squares leave of the loss', () => {
    const all = [...planted, ...references];
    const rows = all.map(({ tokens, unigram, trigram, start }) => [
      1,
      tokens,
      unigram,
      trigram,
      ...(withStart ? [start!] : []),
    ]);
    const surprise = plainResiduals(
      rows,
      all.map(({ model }) => model),
    );
    const others = surprise.slice(planted.length);
    const expected = surprise.slice(0, planted.length).map((value) => bitsOf(value, others));
    expect(traces(planted, references)).toEqual(expected);
    expect(expected.at(-1)).toBe(Math.log2(200));
  });

  it('nothing is said of texts that are all alike, as ties count against them', () => {
    const alike = { ...planted[0]!, text: '' };
    const same = Array.from({ length: 9 }, () => alike);
    expect(exposures([alike], same)).toEqual([0]);
    expect(traces([alike], same)).toEqual([0]);
  });
});

test.each([
  ['exposure', exposures],
  ['trace', traces],
] as const)(
  'a canary that was not planted has an %s of b bits with a chance of 2 to the −b',
  (_, bitsOfAll) => {
    const all = Array.from({ length: 400 }, () => scored(0, true));
    // Each is left out of the references in turn; the fit is the same, so the ranks are those from 1 to 400.
    const bits = all.map(
      (text, index) =>
        bitsOfAll(
          [{ ...text, repeats: 1 }],
          all.filter((_, other) => other !== index),
        )[0]!,
    );
    for (const rank of [4, 8, 40])
      expect(bits.filter((value) => value >= Math.log2(400 / rank) - 1e-9)).toHaveLength(rank);
  },
);

test('what is known is counted by how often a pass showed it', () => {
  const references = Array.from({ length: 1999 }, () => scored(0, true));
  const planted = [1, 1, 1, 1, 4, 4, 4].map(
    (repeats): PlantedCanary => ({ repeats, ...scored(repeats === 4 ? 60 : 0, true) }),
  );
  const found = findInCanaries({ step: 9, passes: 3, seed: 1, planted, references, before: [] })!;
  expect(found).toMatchObject({ passes: 3, references: 1999 });
  expect(found.groups.map(({ repeats, total, known }) => [repeats, total, known.count])).toEqual([
    [1, 4, expect.any(Number)],
    [4, 3, 3],
  ]);
  expect(found.groups[1]!.exposure).toBe(Math.log2(2000));
  expect(found.groups[1]!.traced.count).toBe(3);
  expect(found.groups[0]!.known).toEqual(exactShare(found.groups[0]!.known.count, 4));
  expect(findInCanaries(undefined)).toBeUndefined();
  expect(
    findInCanaries({ step: 9, passes: 3, seed: 1, planted: [], references: [], before: ['a'] }),
  ).toBeUndefined();
});

// As R's binom.test gives them.
test.each([
  [0, 30, 0, 0.1157033],
  [2, 30, 0.008178, 0.2207354],
  [15, 30, 0.3129703, 0.6870297],
  [30, 30, 0.8842967, 1],
  [7, 360, 0.0078545, 0.0396416],
])('the exact interval of %i of %i', (count, total, low, high) => {
  const found = exactShare(count, total);
  expect(found).toMatchObject({ count, share: count / total });
  expect(Math.abs(found.low - low)).toBeLessThan(1e-5);
  expect(Math.abs(found.high - high)).toBeLessThan(1e-5);
});
