import type { OverfitStatistics } from '../../src/common/judgement.js';
import { type Random, shuffle } from '../../src/common/random.js';
import type { TitleLosses } from '../../src/common/title-losses.js';
import { closest } from '../../src/dedupe/comparison.js';
import { findCopy } from '../../src/dedupe/copies.js';
import { chooseRules } from '../../src/dedupe/copy-rules.js';
import { neighboursKept, testOwing } from '../../src/dedupe/verdict/membership.js';
import type { Counted } from '../../src/dedupe/verdict/proportions.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import type { GibberishKind } from './gibberish.js';
import type { PlantedKind } from './planted-copies.js';
import type { PooledText, SimulatedCorpus, TitleLoss } from './simulated-corpus.js';

/** Training titles, and what cleaning found of how many titles of their source say what another says. */
export interface Setting {
  readonly corpus: SimulatedCorpus;
  readonly repeatedTitles: Counted;
}

/** How a simulated run differs from one whose model learned its titles' ways and none of them by heart. */
export interface SimulatedModel {
  readonly outputs: number;
  /** Share of the outputs that are copies, of these kinds in turn. */
  readonly copies?: { readonly share: number; readonly kinds: readonly PlantedKind[] };
  /** Take only copies that the run's rules call such. */
  readonly onlyRecognized?: boolean;
  /** All outputs are such, and the losses are those of a model that writes so. */
  readonly gibberish?: GibberishKind;
  readonly threshold: number | 'auto';
}

const heldOutShare = 0.1;
const mostHeldOut = 1000;
/** A model that has learned: by this factor better than the 3-gram model, give or take the second number, title by title. */
const learned = { factor: 0.85, spread: 0.1 };
/** Share of the training titles whose loss shows that they are such: the most that passes for knowing few by heart. */
const toldApart = 0.8;

/** A run: held-out titles and outputs from the pool, some or all of the outputs replaced. @returns what the verdict rests on. */
export function simulateRun(
  { corpus, repeatedTitles }: Setting,
  { outputs, copies, onlyRecognized = false, gibberish, threshold }: SimulatedModel,
  random: Random,
): OverfitStatistics {
  const order = shuffle([...corpus.pool.keys()], random);
  const heldOut = Math.min(
    Math.round((corpus.train.length * heldOutShare) / (1 - heldOutShare)),
    order.length >> 1,
    mostHeldOut,
  );
  const held = order.slice(0, heldOut);
  const rest = order.slice(heldOut);
  const baseline = held.map((i) => corpus.pool[i]!.comparison);
  const rules = chooseRules(baseline, threshold);
  const copyOf = ({ comparison }: PooledText) => findCopy(comparison, rules, corpus.train)?.reason;
  const planted = (copies?.kinds ?? []).map((kind) =>
    corpus.planted[kind].filter((text) => !onlyRecognized || copyOf(text) !== undefined),
  );
  const texts = Array.from({ length: outputs }, (_, i): PooledText => {
    const kind = planted[i % planted.length];
    if (copies && kind && i < Math.round(copies.share * outputs)) return kind[random.integer(kind.length)]!;
    if (gibberish) return corpus.gibberish[gibberish][random.integer(corpus.gibberish[gibberish].length)]!;
    // With more outputs than titles are left, some come twice, as outputs do.
    return corpus.pool[rest[i % rest.length]!]!;
  });
  const rate = (text: PooledText) => {
    const copy = copyOf(text);
    return { closestRating: closest(text.comparison).rating, copied: copy !== undefined, copy };
  };
  const membership = testsOf(corpus, held, texts.slice(0, 1000), random);
  const losses = lossesOf(
    held.map((i) => corpus.losses[i]!),
    gibberish,
    random,
  );
  return overfitStatistics(
    texts.map(rate),
    held.map((i) => rate(corpus.pool[i]!)),
    { repeatedTitles, membership, losses },
  );
}

/** As testMembership does, from the comparisons made before. */
function testsOf(
  corpus: SimulatedCorpus,
  held: readonly number[],
  texts: readonly PooledText[],
  random: Random,
) {
  const room = Math.min(corpus.shown, 9 * held.length);
  const shown = shuffle([...Array(corpus.shown).keys()], random).slice(0, room);
  const chosen = shuffle([...shown, ...held.map((i) => corpus.shown + i)], random);
  const numbers = new Int32Array(corpus.titles).fill(-1);
  for (const [number, title] of chosen.entries()) numbers[title] = number;
  const kept = neighboursKept(chosen.length, held.length);
  const among = (list: PooledText['neighbours']) =>
    list
      .filter(({ index }) => numbers[index]! >= 0)
      .slice(0, kept)
      .map(({ index, rating }) => ({ index: numbers[index]!, rating }));
  const runs = texts.flatMap((text) =>
    text.runs
      .map((titles) => titles.flatMap((title) => (numbers[title]! >= 0 ? [numbers[title]!] : [])))
      .filter(({ length }) => length > 0 && length <= 8),
  );
  const tests = testOwing(
    {
      neighbours: texts.map(({ neighbours }) => among(neighbours)),
      nearestOther: (title) => among(corpus.nearest(chosen[title]!))[0]?.rating ?? 0,
      runs,
      isHeldOut: Uint8Array.from(chosen, (title) => (title >= corpus.shown ? 1 : 0)),
    },
    random,
  );
  return { outputs: texts.length, heldOut: held.length, training: room, ...tests };
}

/** Of a model that began with random weights; its training titles are drawn from the held-out ones, but for those told apart. */
function lossesOf(
  held: readonly TitleLoss[],
  gibberish: GibberishKind | undefined,
  random: Random,
): TitleLosses {
  const uniform = ({ tokens }: TitleLoss): number => tokens * Math.log(vocabularySize);
  const model = held.map((title) => {
    if (gibberish === 'letters') return uniform(title);
    if (gibberish === 'words') return title.unigram;
    if (gibberish === 'triples') return title.trigram;
    return Math.max(0, title.trigram * (learned.factor + learned.spread * random.normal()));
  });
  const drawn = held.map(() => random.integer(held.length));
  const own = (titles: readonly TitleLoss[]) => ({
    of: titles.length,
    titles: [...titles.keys()],
    tokens: titles.map(({ tokens }) => tokens),
    bytes: titles.map(({ bytes }) => bytes),
    start: titles.map(uniform),
    unigram: titles.map(({ unigram }) => unigram),
  });
  const heldOut = { ...own(held), model, trigram: held.map(({ trigram }) => trigram) };
  const isTold = drawn.map(() => gibberish === undefined && random.uniform() < toldApart);
  const shown = own(drawn.map((i) => held[i]!));
  const training = { ...shown, model: drawn.map((i, place) => (isTold[place] ? 0 : model[i]!)) };
  // So long a title's loss beside the unigram's that no held-out title's is as low.
  const unigram = shown.unigram.map((nats, place) => (isTold[place] ? nats + 1e6 : nats));
  const facts = {
    step: 1,
    start: 'untrained',
    vocabularySize,
    seed: 1,
    baselineTitles: held.length,
  } as const;
  return { ...facts, heldOut, training: { ...training, unigram } };
}

const vocabularySize = 50_257;
