import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { applyDecisions } from '../../src/dedupe/decisions.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { formatJudgement, parseJudgement } from '../../src/dedupe/judgement-json.js';
import {
  findClosestMeanings,
  type MeaningSearchState,
  type SentenceEmbedder,
} from '../../src/dedupe/meaning.js';
import { rejectedRecords } from '../../src/dedupe/verdict-lists.js';
import { dotProducts } from './dot-products.js';

/** Sentences as bags of meanings: words of one list mean the same. Each vector has length 1. */
class WordMeanings implements SentenceEmbedder {
  readonly description = 'words, sha256 01234567';
  readonly width: number;
  embedded = 0;

  constructor(private readonly meanings: readonly (readonly string[])[]) {
    this.width = meanings.length;
  }

  async embed(texts: readonly string[]): Promise<Float32Array> {
    this.embedded += texts.length;
    return Float32Array.from(
      texts.flatMap((text) => {
        const words = text.toLowerCase().match(/\w+/g) ?? [];
        const counts = this.meanings.map((list) => words.filter((word) => list.includes(word)).length);
        const length = Math.hypot(...counts) || 1;
        return counts.map((count) => count / length);
      }),
    );
  }

  async dotProducts(a: Float32Array, b: Float32Array): Promise<Float32Array> {
    return dotProducts(a, b, this.width);
  }
}

const meanings = [
  ['dog', 'hound'],
  ['cat', 'kitty'],
  ['ate', 'devoured'],
  ['shoe', 'boot'],
  ['my', 'our'],
  ['sang'],
  ['slept'],
  ['ran'],
  ['rain'],
  ['snow'],
];
const words = meanings.flat();
const random = createRandom(5, 'sentences');
const sentence = (length: number): string =>
  Array.from({ length }, () => words[random.integer(words.length)]!).join(' ');

test('the closest title is that of a search through all, the first of several, over blocks', async () => {
  const titles = Array.from({ length: 1300 }, (_, i) => sentence(2 + (i % 5)));
  const texts = Array.from({ length: 60 }, () => sentence(4));
  const embedder = new WordMeanings(meanings);
  const found = await findClosestMeanings([...texts, texts[0]!], titles, embedder, silentContext);
  expect(embedder.embedded).toBe(1300 + new Set(texts).size);
  const products = await embedder.dotProducts(await embedder.embed(texts), await embedder.embed(titles));
  for (const [i, text] of texts.entries()) {
    const row = Array.from(products.subarray(i * 1300, (i + 1) * 1300), (value) => Math.round(value * 1e4));
    const best = Math.max(...row);
    const { crowd, ...closest } = found.get(text)!;
    expect(closest).toEqual({ cosine: best / 1e4, matched: titles[row.indexOf(best)] });
    const next = row.toSorted((a, b) => b - a).slice(1, 11);
    expect(crowd).toBeCloseTo(
      next.reduce((sum, cosine) => sum + cosine / 1e5, 0),
      10,
    );
  }
});

test('a search that is cut short goes on where it stopped, with the same result', async () => {
  const titles = Array.from({ length: 20_000 }, (_, i) => sentence(2 + (i % 5)));
  const texts = Array.from({ length: 20 }, () => sentence(4));
  const whole = await findClosestMeanings(texts, titles, new WordMeanings(meanings), silentContext);
  let state: MeaningSearchState | undefined;
  const save = async (now: MeaningSearchState) => {
    state = structuredClone(now);
  };
  let polls = 0;
  const signal = {
    get aborted() {
      return ++polls > 21;
    },
  };
  const first = new WordMeanings(meanings);
  const stopped = findClosestMeanings(
    texts,
    titles,
    first,
    { ...silentContext, signal },
    { state: undefined, save },
  );
  await expect(stopped).rejects.toThrow('Interrupted');
  expect(state?.titles).toBe(21 * 512);
  const second = new WordMeanings(meanings);
  const resumed = await findClosestMeanings(texts, titles, second, silentContext, { state, save });
  expect(resumed).toEqual(whole);
  expect(second.embedded).toBe(20 + 20_000 - 21 * 512);
  // The state of another search is passed over.
  const other = new WordMeanings(meanings);
  await findClosestMeanings(texts.slice(1), titles.slice(0, 600), other, silentContext, { state, save });
  expect(other.embedded).toBe(19 + 600);
});

const titles = [
  'My dog ate a shoe in the rain',
  'A cat sang in the snow',
  'Some words that mean nothing here',
];
const outputs = [
  { index: 0, text: 'Our hound devoured that boot while rain fell' },
  { index: 1, text: 'My dog ate a shoe in the rain' },
  { index: 2, text: 'My dog ate a shoe in the rain!!' },
  { index: 3, text: 'It slept' },
  { index: 4, text: '' },
];

test('a paraphrase is a kind of copy of its own, after the literal ones, with its evidence', async () => {
  const judgement = await dedupe(outputs, titles, { embedder: new WordMeanings(meanings) });
  expect(judgement.verdicts.map(({ reason }) => reason)).toEqual([
    'paraphrase',
    'exact copy',
    'near copy',
    undefined,
    'blank',
  ]);
  expect(judgement.verdicts[0]).toMatchObject({
    matched: titles[0],
    evidence: 'means what a training title means: cosine 1.000 of their vectors',
    copied: true,
    closestCosine: 1,
  });
  // The rating is that with the title which shows the reason.
  expect(judgement.verdicts[0]!.rating).toBeCloseTo(14 / 57, 1);
  expect(judgement.rules).toMatchObject({
    minimumCosine: 0.9,
    sentenceModel: 'words, sha256 01234567',
    meaningReason:
      'Paraphrases count from a cosine of 0.90 on, by words, sha256 01234567: 0 held-out titles are too few to choose it by; ' +
      '100 are needed.',
  });
  const text = [...formatJudgement(judgement)].join('');
  expect(parseJudgement(text, 'judgement.json')).toEqual(judgement);
  const [, row] = [...rejectedRecords(applyDecisions(judgement.verdicts, []))];
  expect(row).toMatch(
    /^Our hound .*,paraphrase,0\.\d+,My dog ate a shoe in the rain,,means what .* cosine 1\.000 /,
  );
});

test('without a sentence model nothing is said of meaning', async () => {
  const { rules, verdicts } = await dedupe(outputs, titles);
  expect(verdicts[0]!.reason).toBeUndefined();
  expect(JSON.stringify([rules, verdicts])).not.toMatch(/cosine|sentence|meaning/i);
});

test('the cosine is the lowest at which 1% of the held-out titles would be refused beyond the other rules', async () => {
  // Two of 200 say in other words what a title says, at cosines that differ; twenty are exact copies.
  const heldOut = [
    'Our hound devoured one boot: rain',
    'kitty kitty sang during snow',
    ...Array.from({ length: 20 }, () => titles[0]!),
    ...Array.from({ length: 178 }, (_, i) => `Number ${i} is about nothing of that`),
  ];
  const judged = (texts: readonly string[]) =>
    dedupe(outputs, titles, { heldOut: texts, embedder: new WordMeanings(meanings) });
  const { rules, heldOut: rated } = await judged(heldOut);
  expect(rules.minimumCosine).toBe(0.7);
  expect(rules.meaningReason).toContain(
    'the lowest that is taken; of the held-out titles it would refuse 2 of 200, besides',
  );
  expect(rated.slice(0, 2).map(({ copied }) => copied)).toEqual([true, true]);
  expect(rated[1]!.closestCosine).toBeCloseTo(4 / Math.sqrt(3 * 6), 4);
  const third = await judged(heldOut.with(30, 'kitty sang kitty sang, snow'));
  // Of three, those of cosine 1 and 0.9623 may be refused, that of 0.9428 may not.
  expect(third.rules.minimumCosine).toBe(0.95);
  const alike = await judged(heldOut.map(() => 'Our hound devoured one boot: rain'));
  expect(alike.rules.minimumCosine).toBe(0.98);
  expect(alike.rules.meaningReason).toContain('the highest that is taken, though it would refuse 200 of 200');
});

test('a cosine that is given counts, and what it does to the held-out titles is said', async () => {
  // Among 40, one cosine is 5 / √27 = 0.9623, and that of an exact copy is 1.
  const heldOut = [
    'kitty sang kitty sang, snow',
    titles[0]!,
    ...Array.from({ length: 38 }, (_, i) => `Number ${i} is about nothing of that`),
  ];
  const judged = (minimumCosine: number | 'auto', texts = heldOut) =>
    dedupe(outputs, titles, { heldOut: texts, embedder: new WordMeanings(meanings), minimumCosine });
  const { rules, heldOut: rated } = await judged(0.96);
  expect(rules.minimumCosine).toBe(0.96);
  // Wilson's interval by its formula: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
  const [p, n, z] = [1 / 40, 40, 1.959963984540054];
  const [centre, margin] = [p + z ** 2 / (2 * n), z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n * n))];
  const [low, high] = [-1, 1].map((side) => ((100 * (centre + side * margin)) / (1 + z ** 2 / n)).toFixed(1));
  expect(rules.meaningReason).toBe(
    'Paraphrases count from a cosine of 0.96 on, by words, sha256 01234567: that was given; of the held-out titles it would ' +
      `refuse 1 of 40 = 2.5% (95% interval ${low} to ${high}), besides those that other rules refuse.`,
  );
  expect(rated.map(({ copy }) => copy).slice(0, 3)).toEqual(['paraphrase', 'exact copy', undefined]);
  const stricter = await judged(0.963);
  expect(stricter.rules.meaningReason).toContain('from a cosine of 0.963 on');
  expect(stricter.heldOut[0]!.copied).toBe(false);
  expect((await judged(0.5, [])).rules.meaningReason).toContain(
    'a cosine of 0.50 on, by words, sha256 01234567: that was given; there are no held-out titles to say',
  );
  expect((await judged('auto')).rules.minimumCosine).toBe(0.9);
  await expect(judged(0.49)).rejects.toThrow(/minimumCosine .*0\.5/);
});
