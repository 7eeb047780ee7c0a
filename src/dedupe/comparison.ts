import { InterruptedError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { yieldToEventLoop } from '../common/yield-to-event-loop.js';
import { checkArgument, completeContext, hasKeys, isTexts, required } from '../options/call-arguments.js';
import { withoutWhiteSpace } from './bigram-features.js';
import { foldText, wordsOf } from './fold.js';
import type { ClosestMeaning } from './meaning.js';
import { createSimilarityIndex, type Match, type SimilarityIndex } from './similarity-index.js';
import { RunIndex, type RunMatches, type Tokenize } from './token-runs.js';

/** The training title most like a text. */
export interface RatedTitle {
  /** From 0 to 1, as string-similarity rates. */
  readonly rating: number;
  /** The first of the training titles with that rating; undefined where none shares a bigram with the text. */
  readonly matched: string | undefined;
}

/** How a text resembles the training titles; `rating` and `matched` are those as written. */
export interface Comparison extends RatedTitle {
  readonly text: string;
  /** The training title that the text equals, white space apart. */
  readonly copied: string | undefined;
  /** The best rating with case, punctuation, accents and width set aside (./fold.ts) on both sides. */
  readonly folded: RatedTitle;
  readonly runs: RunMatches;
  /** Undefined where paraphrases are not looked for. */
  readonly meaning?: ClosestMeaning | undefined;
}

/** Training titles, ready to be compared with: as written, folded, and by runs of tokens. */
export interface TitleIndex {
  readonly titles: readonly string[];
  readonly written: SimilarityIndex;
  readonly folded: SimilarityIndex;
  readonly runs: RunIndex;
  /** Cuts texts into the tokens that runs are counted in. */
  readonly tokenize: Tokenize;
}

/**
 * @param tokenize cuts folded texts into the tokens that runs are counted in; words by default.
 * @throws TitlesmithError `no-titles` for an empty list, `text-too-long` for a title beyond the bound.
 */
export function createTitleIndex(titles: readonly string[], tokenize: Tokenize = wordsOf): TitleIndex {
  checkArgument('createTitleIndex', 'titles', titles, required(isTexts));
  return {
    titles,
    written: createSimilarityIndex(titles),
    folded: createSimilarityIndex(titles.map(foldText)),
    runs: new RunIndex(titles, tokenize),
    tokenize,
  };
}

/** The higher of the two ratings, and the title that has it. */
export function closest({ rating, matched, folded }: Comparison): RatedTitle {
  return folded.rating > rating ? folded : { rating, matched };
}

const isTitleIndex = hasKeys('index, as createTitleIndex makes one', 'runs', 'folded');

/** Texts compared between two yields to the event loop, which also check for a stop request. */
const textsPerYield = 64;

/**
 * Compares each text with all training titles. Comparing the held-out titles gives the baseline for the outputs, as
 * real titles resemble each other too.
 * @param label what is being compared, for the progress line.
 * @param floor as for {@link compareText}.
 * @returns one comparison per text, in the same order.
 * @throws InterruptedError when the context asks to stop.
 */
export async function compareTexts(
  texts: readonly string[],
  index: TitleIndex,
  label: string,
  given: Partial<WorkContext> = {},
  floor = 0,
): Promise<Comparison[]> {
  const context = completeContext<WorkContext>('compareTexts', given);
  checkArgument('compareTexts', 'texts', texts, required(isTexts));
  checkArgument('compareTexts', 'index', index, isTitleIndex);
  const known = new Map<string, Comparison>();
  const compared: Comparison[] = [];
  const report = () =>
    context.onProgress({
      kind: 'progress',
      label,
      done: compared.length,
      total: texts.length,
      unit: 'titles',
    });
  for (const text of texts) {
    if (compared.length % textsPerYield === 0) {
      report();
      await yieldToEventLoop();
      if (context.signal.aborted) throw new InterruptedError();
    }
    const comparison = known.get(text) ?? compareText(text, index, floor);
    known.set(text, comparison);
    compared.push(comparison);
  }
  report();
  return compared;
}

/**
 * Compares one text with all training titles.
 * @param floor ratings below it do not matter, and may be too low. Default 0.
 */
export function compareText(text: string, index: TitleIndex, floor = 0): Comparison {
  const written = rated(index.written.best(text, floor), index);
  const fold = foldText(text);
  // A text without letters and digits folds to the empty string, which matches nothing.
  const folded =
    fold === '' ? { rating: 0, matched: undefined } : rated(index.folded.best(fold, floor), index);
  const copied = written.rating < 1 ? undefined : exactlyCopied(text, index.written);
  return {
    text,
    rating: written.rating,
    matched: copied ?? written.matched,
    copied,
    folded,
    runs: index.runs.match(text),
  };
}

function rated({ rating, index }: Match, { titles }: TitleIndex): RatedTitle {
  return { rating, matched: rating > 0 ? titles[index] : undefined };
}

/** A rating of 1 alone is no proof of equality: "aab aba" and "aba aab" have the same bigrams. */
function exactlyCopied(text: string, index: SimilarityIndex): string | undefined {
  const normalForm = withoutWhiteSpace(text);
  const alike = index.atLeast(text, 1).map((match) => index.titles[match.index]!);
  return alike.find((title) => withoutWhiteSpace(title) === normalForm);
}
