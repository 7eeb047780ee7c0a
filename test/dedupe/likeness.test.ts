import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { addLikeness, likenessOf, type ReadTokens, rarityAmong } from '../../src/dedupe/likeness.js';
import { findClosestMeanings, type SentenceEmbedder } from '../../src/dedupe/meaning.js';
import { openSentenceModel } from '../../src/model/embedding/sentence-model.js';
import { sentenceModelFolder, sentenceModelTest } from '../model/sentence-model.js';
import { dotProducts } from './dot-products.js';

interface SmallCase {
  readonly text: { readonly ids: number[]; readonly vectors: number[] };
  readonly title: { readonly ids: number[]; readonly vectors: number[] };
  readonly logOdds: number;
}
/** What numpy, ONNX Runtime and Hugging Face's tokenizers made of it (test/oracles/sentences/make_likeness.py). */
const fixture = JSON.parse(
  readFileSync(new URL('../oracles/sentences/likeness.json', import.meta.url), 'utf8'),
) as {
  readonly counts: Readonly<Record<string, number>>;
  readonly small: readonly SmallCase[];
  readonly texts: readonly {
    text: string;
    matched: string;
    cosine: number;
    crowd: number;
    logOdds: number | null;
  }[];
};

const readTokens = ({ ids, vectors }: SmallCase['text']): ReadTokens => ({
  ids,
  vectors: Float32Array.from(vectors),
});

test('the likeness of two titles is that of numpy, from their tokens and how rare these are', () => {
  // Twenty titles, of which as many have a token as the fixture says.
  const titles = Array.from({ length: 20 }, (_, title) =>
    Object.entries(fixture.counts)
      .filter(([, count]) => title < count)
      .map(([id]) => id)
      .join(' '),
  );
  const idsOf = (text: string) => (text === '' ? [] : text.split(' ').map(Number));
  const rarity = rarityAmong(titles, { idsOf });
  for (const { text, title, logOdds } of fixture.small) {
    const likeness = likenessOf(readTokens(text), readTokens(title), { cosine: 0.95, crowd: 0.5 }, rarity);
    expect(Math.abs(likeness! - logOdds)).toBeLessThan(0.0051);
  }
  const none = { ids: [], vectors: new Float32Array() };
  const some = readTokens(fixture.small[0]!.text);
  expect(likenessOf(none, some, { cosine: 0.95, crowd: 0.5 }, rarity)).toBeUndefined();
  expect(likenessOf(some, none, { cosine: 0.95, crowd: 0.5 }, rarity)).toBeUndefined();
});

sentenceModelTest('paraphrases among titles have the likeness that Python gives them', async () => {
  const [, ...lines] = readFileSync(new URL('./paraphrases.tsv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const titles = lines.map((line) => line.split('\t')[1]!);
  const texts = fixture.texts.map(({ text }) => text);
  const embedder = await openSentenceModel({ name: sentenceModelFolder, threads: 1 });
  try {
    const meanings = await findClosestMeanings(texts, titles, embedder, silentContext);
    const looked = await addLikeness(meanings, titles, embedder, silentContext);
    for (const { text, matched, cosine, crowd, logOdds } of fixture.texts) {
      const meaning = looked.get(text)!;
      expect(meaning.matched).toBe(matched);
      expect(Math.abs(meaning.cosine - cosine)).toBeLessThan(2e-4);
      expect(Math.abs(meaning.crowd - crowd)).toBeLessThan(2e-4);
      if (logOdds === null) expect(meaning.likeness).toBeUndefined();
      else expect(Math.abs(meaning.likeness! - logOdds), text).toBeLessThan(0.02);
    }
    const stopped = { ...silentContext, signal: { aborted: true } };
    await expect(addLikeness(meanings, titles, embedder, stopped)).rejects.toThrow('Interrupted');
  } finally {
    await embedder.dispose();
  }
});

/** Each word a token with a random vector of its own, except synonyms, which share one; a sentence is their sum. */
class WordTokens implements SentenceEmbedder {
  readonly width = 24;
  readonly description = 'words, sha256 01234567';
  private readonly ids = new Map<string, number>();

  readonly tokens = {
    idsOf: (text: string) =>
      (text.toLowerCase().match(/\w+/g) ?? []).map((word) => {
        const id = this.ids.get(word) ?? this.ids.size;
        this.ids.set(word, id);
        return id;
      }),
    vectorsOf: async (texts: readonly string[]) => texts.map((text) => this.vectors(text)),
  };

  constructor(private readonly synonyms: Readonly<Record<string, string>>) {}

  async embed(texts: readonly string[]): Promise<Float32Array> {
    return Float32Array.from(
      texts.flatMap((text) => {
        const rows = this.vectors(text);
        const sum = Array.from({ length: this.width }, (_, i) =>
          rows.reduce((total, value, at) => (at % this.width === i ? total + value : total), 0),
        );
        const length = Math.hypot(...sum) || 1;
        return sum.map((value) => value / length);
      }),
    );
  }

  async dotProducts(a: Float32Array, b: Float32Array): Promise<Float32Array> {
    return dotProducts(a, b, this.width);
  }

  private vectors(text: string): Float32Array {
    return Float32Array.from(
      (text.toLowerCase().match(/\w+/g) ?? []).flatMap((word) => {
        const random = createRandom(1, this.synonyms[word] ?? word);
        const row = Array.from({ length: this.width }, () => random.uniform() - 0.5);
        const length = Math.hypot(...row);
        return row.map((value) => value / length);
      }),
    );
  }
}

test('the likeness is the lowest at which 1% of the held-out titles would be refused, and decides with the cosine', async () => {
  const titles = [
    'the old baker sold seven crooked violins to a sleepy harbour town last winter',
    ...Array.from({ length: 40 }, (_, i) => `subject${i} meets object${i} near place${i} before dawn${i}`),
  ];
  const embedder = new WordTokens({ ancient: 'old', fiddles: 'violins', port: 'harbour', bent: 'crooked' });
  const outputs = [
    { index: 0, text: 'last winter the ancient baker sold seven bent fiddles to a sleepy port town' },
    { index: 1, text: 'seven crooked violins and a sleepy baker left town' },
    { index: 2, text: 'nothing of the kind was ever written before today' },
  ];
  const strangers = Array.from({ length: 200 }, (_, i) => `held${i} sings other${i} under third${i}`);
  const { rules, verdicts } = await dedupe(outputs, titles, { heldOut: strangers, embedder });
  expect(rules).toMatchObject({ minimumCosine: 0.65, minimumLikeness: 0 });
  expect(rules.meaningReason).toBe(
    'Paraphrases count from a likeness of 0.00 on to a title whose cosine is 0.65 or more, by words, sha256 01234567: the lowest ' +
      'that is taken; of the held-out titles it would refuse 0 of 200, besides those that other rules refuse.',
  );
  expect(verdicts.map(({ reason }) => reason)).toEqual(['paraphrase', undefined, undefined]);
  expect(verdicts[0]).toMatchObject({ matched: titles[0], copied: true });
  expect(verdicts[0]!.evidence).toMatch(
    /^means what .*: cosine 1\.000 of their vectors, likeness \d+\.\d\d of their tokens$/,
  );
  // Of three held-out titles that a title says too, two may be refused.
  const three = ['ancient', 'old', 'ancient'].map(
    (word, i) =>
      `last winter the ${word} baker sold seven bent fiddles to a sleepy port town${'!'.repeat(i)}`,
  );
  const stricter = await dedupe(outputs, titles, {
    heldOut: [...three.map((text, i) => (i === 0 ? text : `${text} and left${i}`)), ...strangers.slice(3)],
    embedder,
  });
  expect(stricter.rules.minimumLikeness).toBeGreaterThan(0);
  expect(stricter.heldOut.filter(({ copy }) => copy === 'paraphrase').length).toBeLessThanOrEqual(2);
  // A cosine that is given decides alone.
  const given = await dedupe(outputs, titles, { heldOut: strangers, embedder, minimumCosine: 0.9 });
  expect(given.rules.minimumLikeness).toBeUndefined();
  expect(given.verdicts[0]!.evidence).toBe(
    'means what a training title means: cosine 1.000 of their vectors',
  );
});
