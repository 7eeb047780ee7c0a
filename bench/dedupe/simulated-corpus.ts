import { createRandom, shuffle } from '../../src/common/random.js';
import { type Comparison, compareTexts, createTitleIndex } from '../../src/dedupe/comparison.js';
import { foldText } from '../../src/dedupe/fold.js';
import { createSimilarityIndex } from '../../src/dedupe/similarity-index.js';
import { closestTitles, sharedRuns } from '../../src/dedupe/verdict/membership.js';
import { NGramModel } from '../../src/model/scoring/n-gram-model.js';
import { encodeWords, gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { type GibberishKind, gibberish, gibberishKinds } from './gibberish.js';
import { type PlantedKind, plantCopy, plantedKinds } from './planted-copies.js';

/** A text that a simulated run may hold out or generate, with all that is the same in every run. */
export interface PooledText {
  readonly comparison: Comparison;
  /** Numbers of titles of {@link SimulatedCorpus.titles}, the most like first, itself left out. */
  readonly neighbours: readonly { readonly index: number; readonly rating: number }[];
  /** The titles of each of its runs of words, itself left out. */
  readonly runs: readonly (readonly number[])[];
}

/** A title's bytes and tokens, the end token counted, and its loss under models of the training titles, in nats. */
export interface TitleLoss {
  readonly bytes: number;
  readonly tokens: number;
  readonly unigram: number;
  readonly trigram: number;
}

/** Training titles, and a pool of others from which simulated runs draw held-out titles and outputs. */
export interface SimulatedCorpus {
  readonly train: readonly string[];
  /** A sample of the training titles and then the pool: what membership is tested with. */
  readonly titles: number;
  /** Titles of these that are training titles: those numbered from 0. */
  readonly shown: number;
  readonly pool: readonly PooledText[];
  readonly planted: Readonly<Record<PlantedKind, readonly PooledText[]>>;
  /** What models write that have learned nothing of how titles are made. */
  readonly gibberish: Readonly<Record<GibberishKind, readonly PooledText[]>>;
  /** What baselines take for each title of the pool. */
  readonly losses: readonly TitleLoss[];
  /** The ratings of a title with the titles most like it, with their numbers. */
  nearest(title: number): PooledText['neighbours'];
}

const neighboursKept = 200;
const plantedOfEach = 150;
const gibberishOfEach = 300;

/**
 * Compares a pool of titles with training titles of the same source, once for all the runs that are drawn from them.
 * @param size training titles; the pool is as many of the others as there are, at most `poolSize`.
 */
export async function simulateCorpus(
  all: readonly string[],
  { size, poolSize, seed }: { readonly size: number; readonly poolSize: number; readonly seed: number },
): Promise<SimulatedCorpus> {
  const random = createRandom(seed, 'corpus', size);
  const mixed = shuffle([...all], random);
  const train = mixed.slice(0, size);
  const poolTitles = mixed.slice(size, size + poolSize);
  const index = createTitleIndex(train, encodeWords);
  const sample = shuffle([...train], random).slice(0, 9000);
  const folded = [...sample, ...poolTitles].map(foldText);
  const similar = createSimilarityIndex(folded);
  const known = new Map<number, PooledText['neighbours']>();
  const nearest = (title: number): PooledText['neighbours'] => {
    const found =
      known.get(title) ??
      closestTitles(folded[title]!, similar, 40).filter(({ index: other }) => other !== title);
    known.set(title, found);
    return found;
  };
  const place = async (texts: readonly string[], own: (i: number) => number): Promise<PooledText[]> => {
    const compared = await compareTexts(texts, index, 'Comparing');
    return compared.map((comparison, i) => {
      const text = foldText(texts[i]!);
      const self = own(i);
      return {
        comparison,
        neighbours: closestTitles(text, similar, neighboursKept).filter(({ index: title }) => title !== self),
        runs: sharedRuns([text], folded).map((titles) => titles.filter((title) => title !== self)),
      };
    });
  };
  const pool = await place(poolTitles, (i) => sample.length + i);
  const planted = {} as Record<PlantedKind, PooledText[]>;
  for (const kind of plantedKinds) {
    const texts = Array.from({ length: plantedOfEach }, () => plantCopy(kind, sample, poolTitles, random));
    planted[kind] = await place(texts, () => -1);
  }
  const salad = {} as Record<GibberishKind, PooledText[]>;
  for (const kind of gibberishKinds)
    salad[kind] = await place(gibberish(kind, train, gibberishOfEach, random), () => -1);
  const sizes = { titles: folded.length, shown: sample.length };
  return {
    train,
    ...sizes,
    pool,
    planted,
    gibberish: salad,
    losses: baselineLosses(train, poolTitles),
    nearest,
  };
}

function baselineLosses(train: readonly string[], titles: readonly string[]): TitleLoss[] {
  const tokenizer = gpt2Tokenizer();
  const tokens = (list: readonly string[]) => tokenizeTitles(list, tokenizer, { maximumTokens: 1023 }).titles;
  const [known, asked] = [tokens(train), tokens(titles)];
  const [unigrams, trigrams] = ([1, 3] as const).map((order) =>
    NGramModel.train(known, order, tokenizer),
  ) as [NGramModel, NGramModel];
  return titles.map((title, i) => {
    const ids = asked.tokensOf(i).slice();
    const [unigram, trigram] = [unigrams.nats(ids), trigrams.nats(ids)];
    return { bytes: Buffer.byteLength(title), tokens: ids.length + 1, unigram, trigram };
  });
}
