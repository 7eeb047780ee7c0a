import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { NGramModel } from '../../../src/model/scoring/n-gram-model.js';
import { titlesOf } from './titles-of.js';

/** What test/oracles/n-grams/make_fixture.py computed in exact fractions, by the formulas as they are printed. */
const fixture = JSON.parse(
  readFileSync(new URL('../../oracles/n-grams/n-grams.json', import.meta.url), 'utf8'),
) as {
  readonly vocabularySize: number;
  readonly endOfTextId: number;
  readonly histories: readonly number[][];
  readonly cases: readonly {
    readonly titles: readonly number[][];
    /** Probabilities of every token after each history. */
    readonly models: readonly { readonly order: 1 | 2 | 3; readonly probabilities: readonly number[][] }[];
  }[];
};
const { vocabularySize, endOfTextId, histories } = fixture;
const tokens = Array.from({ length: vocabularySize }, (_, token) => token);

const cases = fixture.cases.flatMap(({ titles, models }) => models.map((model) => ({ titles, ...model })));

test.each(cases)('order $order of $titles.length titles: probabilities of the formulas', (expected) => {
  const model = NGramModel.train(titlesOf(expected.titles), expected.order, fixture);
  for (const [index, history] of histories.entries()) {
    const found = tokens.map((token) => model.probability([endOfTextId, ...history], token));
    for (const token of tokens)
      expect(Math.abs(found[token]! - expected.probabilities[index]![token]!), `${history}`).toBeLessThan(
        1e-12,
      );
    expect(Math.abs(found.reduce((sum, p) => sum + p) - 1)).toBeLessThan(1e-12);
  }
});

test('the loss of a title is that of its tokens and its end, in nats', () => {
  const [{ titles }] = fixture.cases as readonly [{ readonly titles: readonly number[][] }, ...unknown[]];
  const model = NGramModel.train(titlesOf(titles), 3, fixture);
  for (const title of [[], [0], titles[0]!, [28, 9, 28]]) {
    const nats = [...title, endOfTextId].map(
      (token, index) => -Math.log(model.probability([endOfTextId, ...title.slice(0, index)], token)),
    );
    expect(model.nats(Uint16Array.from(title))).toBeCloseTo(
      nats.reduce((sum, each) => sum + each),
      9,
    );
  }
});

test('probabilities add up to 1 over a vocabulary of GPT-2 size, after contexts that were seen and others', () => {
  const random = createRandom(3, 'titles');
  const sizes = { vocabularySize: 50_257, endOfTextId: 50_256 };
  // Few tokens are frequent, as in text, and those have the highest ids: keys are as large as they become.
  const token = (): number => 50_255 - Math.floor(50_000 * random.uniform() ** 6);
  const titles = Array.from({ length: 300 }, () => Array.from({ length: 4 + random.integer(12) }, token));
  for (const order of [1, 2, 3] as const) {
    const model = NGramModel.train(titlesOf(titles), order, sizes);
    const seen = titles.slice(0, 4).flatMap((title) => [[], title.slice(0, 1), title.slice(0, 3)]);
    for (const history of [...seen, [0, 1], [50_255, 0], [1, 50_255]]) {
      let sum = 0;
      for (let next = 0; next < sizes.vocabularySize; next++)
        sum += model.probability([sizes.endOfTextId, ...history], next);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
    }
  }
});

test('without titles every token is as likely', () => {
  const model = NGramModel.train(titlesOf([]), 3, fixture);
  expect(model.nats(Uint16Array.of(1, 2, 3))).toBeCloseTo(4 * Math.log(vocabularySize), 9);
});
