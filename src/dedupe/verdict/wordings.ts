import { InterruptedError } from '../../common/errors.js';
import type { SharedWording, Wordings } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import { evenly } from '../../common/random.js';
import { yieldToEventLoop } from '../../common/yield-to-event-loop.js';
import { foldText, wordsOf } from '../fold.js';
import { ratioEstimate } from './proportions.js';
import { WordRuns } from './word-runs.js';

/** Texts looked at, evenly spread; wordings listed. */
const limits = { texts: 1000, listed: 20 };
/** Fewer outputs or held-out titles than this tell nothing. */
const fewest = 30;
/** Words in the longest runs whose novelty is told. */
const mostWords = 8;
/** Fewer words than this are no wording. */
const fewestWords = 3;
/** Share of the held-out titles whose rarest wording may be rarer than what is called rare. */
const rareShare = 0.01;
/** Titles between two yields to the event loop. */
const titlesPerYield = 2048;

/** A text, and whether it was accepted. */
interface JudgedText {
  readonly text: string;
  readonly isAccepted: boolean;
}

/**
 * What runs of words the outputs share with training titles, beside what held-out titles share with them: novelty by number of
 * words (Merrill, Smith and Elazar, "Evaluating n-Gram Novelty of Language Models Using Rusty-DAWG", 2024, arXiv 2406.13069), and
 * the rarest wordings that accepted outputs share.
 * @returns undefined with fewer than 30 outputs or held-out titles.
 * @throws InterruptedError when the context asks to stop.
 */
export async function compareWordings(
  outputs: readonly JudgedText[],
  train: readonly string[],
  heldOut: readonly string[],
  context: Pick<WorkContext, 'signal'>,
): Promise<Wordings | undefined> {
  const judged = evenly(outputs, limits.texts).map(({ text, isAccepted }) => ({
    text: foldText(text),
    isAccepted,
  }));
  const texts = judged.map(({ text }) => text);
  const held = evenly(heldOut, limits.texts).map(foldText);
  if (texts.length < fewest || held.length < fewest) return undefined;
  const runs = new WordRuns([...texts, ...held]);
  for (const [place, title] of train.entries()) {
    if (place % titlesPerYield === 0) {
      await yieldToEventLoop();
      if (context.signal.aborted) throw new InterruptedError();
    }
    runs.count(title);
  }
  const rarestOf = (text: string): number =>
    wordingsOf(text, runs).reduce((most, { bits }) => Math.max(most, bits), 0);
  const usual = held.map(rarestOf).sort((a, b) => b - a);
  const rareBits = usual[Math.floor(rareShare * held.length)]!;
  const countRarer = (bits: readonly number[]): number => bits.filter((rarest) => rarest > rareBits).length;
  return {
    outputs: texts.length,
    heldOut: held.length,
    novelty: Array.from({ length: mostWords }, (_, i) => i + 1).flatMap((words) => {
      const [ofOutputs, ofHeldOut] = [texts, held].map((list) => noveltyOf(list, words, runs));
      return ofOutputs && ofHeldOut ? [{ words, outputs: ofOutputs, heldOut: ofHeldOut }] : [];
    }),
    rareBits,
    rarer: { outputs: countRarer(texts.map(rarestOf)), heldOut: countRarer(usual) },
    rarest: rarestWordings(
      judged.flatMap(({ text, isAccepted }) => (isAccepted ? [text] : [])),
      runs,
    ),
  };
}

const wordingsOf = (text: string, runs: WordRuns) =>
  runs.sharedRuns(text).filter(({ words }) => words.length >= fewestWords);

/** Of the runs of so many words of the texts, the share that stands in no title; undefined where hardly a text is so long. */
function noveltyOf(texts: readonly string[], length: number, runs: WordRuns) {
  const counts = texts.map((text) => {
    const words = wordsOf(text);
    const starts = Math.max(0, words.length - length + 1);
    let isNew = 0;
    for (let start = 0; start < starts; start++)
      if (runs.titlesWith(words.slice(start, start + length)) === 0) isNew++;
    return { isNew, starts };
  });
  if (counts.filter(({ starts }) => starts > 0).length < fewest) return undefined;
  return ratioEstimate(
    counts.map(({ isNew }) => isNew),
    counts.map(({ starts }) => starts),
  );
}

/** The wordings that texts share with titles, the rarest first. */
function rarestWordings(texts: readonly string[], runs: WordRuns): SharedWording[] {
  const found = new Map<string, SharedWording>();
  for (const text of texts) {
    for (const { words, titles, bits } of wordingsOf(text, runs)) {
      const wording = words.join(' ');
      const outputs = (found.get(wording)?.outputs ?? 0) + 1;
      found.set(wording, { wording, bits, titles, outputs });
    }
  }
  return [...found.values()]
    .sort((a, b) => b.bits - a.bits || (a.wording < b.wording ? -1 : 1))
    .slice(0, limits.listed);
}
