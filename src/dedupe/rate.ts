import { setImmediate } from 'node:timers/promises';
import { InterruptedError } from '../common/errors.js';
import { silentContext, type WorkContext } from '../common/progress.js';
import type { Match, SimilarityIndex } from './similarity-index.js';

/** A text and the training title most like it. */
export interface RatedText {
  readonly text: string;
  /** Rating of `text` with `matched`, from 0 to 1, as string-similarity rates. */
  readonly rating: number;
  /** The first of the training titles with that rating; undefined where none shares a bigram with `text`. */
  readonly matched: string | undefined;
}

/** Texts rated between two looks at the stop request and at other work of the process. */
const textsPerTurn = 64;

/**
 * Rates each text with the training title most like it. Held-out titles, rated so, are the baseline that
 * outputs are judged by: real titles resemble each other too.
 * @param label what is being rated, for the progress line.
 * @throws InterruptedError when the context asks to stop.
 */
export async function rateTexts(
  texts: readonly string[],
  index: SimilarityIndex,
  label: string,
  context: WorkContext = silentContext,
): Promise<RatedText[]> {
  const rated: RatedText[] = [];
  const known = new Map<string, Match>();
  for (const text of texts) {
    if (rated.length % textsPerTurn === 0) {
      context.onProgress({
        kind: 'progress',
        label,
        done: rated.length,
        total: texts.length,
        unit: 'titles',
      });
      await setImmediate();
      if (context.stopRequested()) throw new InterruptedError();
    }
    const match = known.get(text) ?? index.best(text);
    known.set(text, match);
    const matched = match.rating > 0 ? index.titles[match.index] : undefined;
    rated.push({ text, rating: match.rating, matched });
  }
  context.onProgress({ kind: 'progress', label, done: texts.length, total: texts.length, unit: 'titles' });
  return rated;
}
