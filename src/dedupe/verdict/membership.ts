import { InterruptedError } from '../../common/errors.js';
import type { MembershipTest, MembershipTests } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import { createRandom, evenly, type Random, shuffle } from '../../common/random.js';
import { yieldToEventLoop } from '../../common/yield-to-event-loop.js';
import { foldText, wordsOf } from '../fold.js';
import { createSimilarityIndex, type SimilarityIndex } from '../similarity-index.js';
import { blockTest, type TextWeights, textWeights } from './block-test.js';

/** Texts looked at, evenly spread; training titles for each held-out title, and in all. */
const limits = { outputs: 1000, heldOut: 1000, trainingPerHeldOut: 9, training: 9000 };
/** Fewer outputs or held-out titles than this tell nothing. */
const fewest = 30;
/** Words in a run that outputs share with titles. */
const runLength = 4;
/** A run in more titles than this is a way of speaking. */
const commonRun = 8;
/** Closest titles kept for an output, for each block of titles that there is room for. */
const neighboursPerBlock = 6;

type Neighbours = ReturnType<SimilarityIndex['atLeast']>;

/** Texts between two yields to the event loop. */
const textsPerYield = 32;

/**
 * Whether the outputs owe more to the titles that the model was shown than to those held out of training, by three tests
 * ({@link testOwing}), case, punctuation and accents set aside.
 * @returns undefined with fewer than 30 outputs or held-out titles.
 * @throws InterruptedError when the context asks to stop.
 */
export async function testMembership(
  outputs: readonly string[],
  train: readonly string[],
  heldOut: readonly string[],
  context: WorkContext,
): Promise<MembershipTests | undefined> {
  const random = createRandom(1, 'membership');
  const texts = evenly(outputs, limits.outputs).map(foldText).filter(Boolean);
  const held = evenly(heldOut, limits.heldOut);
  if (texts.length < fewest || held.length < fewest) return undefined;
  const room = Math.min(limits.training, limits.trainingPerHeldOut * held.length);
  const shown = shuffle([...train], random).slice(0, room);
  // In an order of their own: of titles that rate alike, the first is taken to be closer.
  const all = [...held, ...shown];
  const order = shuffle([...all.keys()], random);
  const titles = order.map((place) => foldText(all[place]!));
  const index = createSimilarityIndex(titles);
  const kept = neighboursKept(titles.length, held.length);
  const neighbours = await findNeighbours(texts, index, kept, context);
  const known = new Map<number, number>();
  const tests = testOwing(
    {
      neighbours,
      nearestOther: (title) => ratingOfNearestOther(title, index, known),
      runs: sharedRuns(texts, titles),
      isHeldOut: Uint8Array.from(order, (place) => (place < held.length ? 1 : 0)),
    },
    random,
  );
  return { outputs: texts.length, heldOut: held.length, training: shown.length, ...tests };
}

/** What {@link testOwing} is computed from. Titles have numbers that do not depend on whether they are held out. */
interface OwedTitles {
  /** For each output the titles most like it, the most like first. */
  readonly neighbours: readonly Neighbours[];
  /** The rating of a title with the title most like it. */
  nearestOther(title: number): number;
  /** For each run of words that an output shares with few titles: these titles. */
  readonly runs: readonly (readonly number[])[];
  /** 1 for a held-out title, else 0, [titles]. */
  readonly isHeldOut: Uint8Array;
}

/**
 * Three tests, each a {@link blockTest}: of the rating of an output's closest title (as Meehan et al. 2020 do of distances); of
 * how many outputs are closer to their closest title than any other title is (unauthentic: Alaa et al., "How Faithful is your
 * Synthetic Data?", 2021, arXiv 2102.08921, section 4); of the runs of four words that stand in at most eight titles, each
 * counted by the part of them.
 */
export function testOwing(
  { neighbours, nearestOther, runs, isHeldOut }: OwedTitles,
  random: Random,
): Pick<MembershipTests, 'closeness' | 'unauthentic' | 'runs'> {
  const of = neighbours.length;
  const floors = neighbours.map((list) => list.at(-1)?.rating ?? 0);
  const closeness = neighbours.map((list) =>
    list.map(({ index, rating }) => ({ title: index, weight: rating })),
  );
  const unauthentic = neighbours.map((list) =>
    list.map(({ index, rating }) => ({ title: index, weight: rating > nearestOther(index) ? 1 : 0 })),
  );
  const sharing = runs.map((titles) => titles.map((title) => ({ title, weight: 1 / titles.length })));
  const zeros = (lists: readonly unknown[]): number[] => lists.map(() => 0);
  const test = (weights: TextWeights): MembershipTest => {
    const { heldOut, mean, deviation, p } = blockTest(weights, isHeldOut, random);
    return { heldOut: heldOut / of, all: mean / of, deviation: deviation / of, p };
  };
  return {
    closeness: test(textWeights(closeness, floors)),
    unauthentic: test(textWeights(unauthentic, zeros(unauthentic))),
    runs: test(textWeights(sharing, zeros(sharing))),
  };
}

/** How many neighbours of an output are looked at: nearly always one of them is in a block drawn at random. */
export const neighboursKept = (titles: number, heldOut: number): number =>
  Math.ceil((neighboursPerBlock * titles) / heldOut);

async function findNeighbours(
  texts: readonly string[],
  index: SimilarityIndex,
  kept: number,
  { onProgress, signal }: WorkContext,
): Promise<Neighbours[]> {
  const found: Neighbours[] = [];
  const report = () =>
    onProgress({
      kind: 'progress',
      label: 'Testing what was learned by heart',
      done: found.length,
      total: texts.length,
      unit: 'titles',
    });
  for (const text of texts) {
    if (found.length % textsPerYield === 0) {
      report();
      await yieldToEventLoop();
      if (signal.aborted) throw new InterruptedError();
    }
    found.push(closestTitles(text, index, kept));
  }
  report();
  return found;
}

/** The titles most like a text, as many as `count` where so many share a pair of letters with it. */
export function closestTitles(text: string, index: SimilarityIndex, count: number): Neighbours {
  for (const threshold of [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]) {
    const found = index.atLeast(text, threshold);
    if (found.length >= count) return found.slice(0, count);
  }
  return index.atLeast(text, Number.MIN_VALUE).slice(0, count);
}

function ratingOfNearestOther(title: number, index: SimilarityIndex, known: Map<number, number>): number {
  const before = known.get(title);
  if (before !== undefined) return before;
  const text = index.titles[title]!;
  let rating = 0;
  for (let threshold = 0.8; threshold > 0 && rating === 0; threshold -= 0.2) {
    rating = index.atLeast(text, threshold).find((match) => match.index !== title)?.rating ?? 0;
  }
  known.set(title, rating);
  return rating;
}

/** For each run of words of the texts that stands in a few titles: those titles. */
export function sharedRuns(texts: readonly string[], titles: readonly string[]): number[][] {
  const holders = new Map<string, Set<number>>();
  for (const text of texts) for (const run of runsOf(text)) holders.set(run, new Set());
  for (const [title, text] of titles.entries()) for (const run of runsOf(text)) holders.get(run)?.add(title);
  return texts.flatMap((text) =>
    runsOf(text)
      .map((run) => [...holders.get(run)!])
      .filter(({ length }) => length > 0 && length <= commonRun),
  );
}

function runsOf(text: string): string[] {
  const words = wordsOf(text);
  return words.flatMap((_, start) => {
    return start + runLength <= words.length ? [words.slice(start, start + runLength).join(' ')] : [];
  });
}
