import { TitlesmithError } from '../common/errors.js';
import type { GenerateCounts } from '../common/stage-counts.js';
import { withoutCondition } from '../data/conditioning.js';
import type { Chosen, GeneratedText, TurnedAway } from '../model/generation/sequence.js';
import type { RunOptions } from '../options/option-table.js';

/** Content of generated.jsonl: one text per line, in order of their index. */
export function formatGenerated(texts: readonly GeneratedText[]): string {
  return texts.map((text) => `${JSON.stringify(text)}\n`).join('');
}

function isGeneratedText(value: unknown): value is GeneratedText {
  if (typeof value !== 'object' || value === null) return false;
  const { index, text, tokens, finishReason, seed, turnedAway, chosen } = value as Partial<GeneratedText>;
  return (
    Number.isSafeInteger(index) &&
    typeof text === 'string' &&
    Number.isSafeInteger(tokens) &&
    (finishReason === 'stop' || finishReason === 'length') &&
    Number.isSafeInteger(seed) &&
    (turnedAway === undefined || isTurnedAway(turnedAway)) &&
    (chosen === undefined || isChosen(chosen))
  );
}

function isChosen(value: unknown): value is Chosen {
  if (typeof value !== 'object' || value === null) return false;
  const { of, candidate, meanLogProbability, closestRating, first } = value as Partial<Chosen>;
  return (
    Number.isSafeInteger(of) &&
    Number.isSafeInteger(candidate) &&
    [meanLogProbability, closestRating].every((score) => score === undefined || Number.isFinite(score)) &&
    (first === undefined || typeof first === 'string')
  );
}

function isTurnedAway(value: unknown): value is TurnedAway {
  if (typeof value !== 'object' || value === null) return false;
  const { draws, first } = value as Partial<TurnedAway>;
  return Number.isSafeInteger(draws) && typeof first === 'string';
}

/** A line's value as a text of generated.jsonl. @throws TitlesmithError naming path and line where it is none. */
export function checkGenerated(value: unknown, path: string, line: number): GeneratedText {
  if (isGeneratedText(value)) return value;
  throw new TitlesmithError(`${path}:${line} is not a generated title.`, {
    code: 'generated-malformed',
    hint: 'Run the generate stage again.',
  });
}

/** Without what the model read before it. */
export function bareText(text: GeneratedText): GeneratedText {
  return withTexts(text, withoutCondition);
}

/** A text as a title: where its prefix is left out, so is the white space that stood between the two. */
export function asTitle(
  text: GeneratedText,
  { includePrefix }: Pick<RunOptions, 'includePrefix'>,
): GeneratedText {
  return includePrefix ? text : withTexts(text, (whole) => whole.trimStart());
}

function withTexts(text: GeneratedText, change: (whole: string) => string): GeneratedText {
  const { turnedAway, chosen } = text;
  return {
    ...text,
    text: change(text.text),
    ...(turnedAway ? { turnedAway: { ...turnedAway, first: change(turnedAway.first) } } : {}),
    ...(chosen?.first === undefined ? {} : { chosen: { ...chosen, first: change(chosen.first) } }),
  };
}

/** The counts of the generate stage. */
export function countTexts(texts: readonly GeneratedText[]): GenerateCounts {
  const byFinishReason: Record<string, number> = {};
  let tokens = 0;
  for (const text of texts) {
    tokens += text.tokens;
    byFinishReason[text.finishReason] = (byFinishReason[text.finishReason] ?? 0) + 1;
  }
  const again = texts.flatMap(({ turnedAway }) => turnedAway ?? []);
  const turnedAway = { titles: again.length, draws: again.reduce((sum, { draws }) => sum + draws, 0) };
  const all = texts.flatMap(({ chosen }) => chosen ?? []);
  const chosen = { titles: all.length, others: all.filter(({ candidate }) => candidate > 1).length };
  return {
    generated: texts.length,
    tokens,
    byFinishReason,
    ...(again.length > 0 ? { turnedAway } : {}),
    ...(all.length > 0 ? { chosen } : {}),
  };
}

/** Says what the best of several candidates is, for people; undefined where there is one. */
export function describeChoice(
  { bestOf, rank: asked }: Pick<RunOptions, 'bestOf' | 'rank'>,
  isForCommunity = false,
): string | undefined {
  const rank = asked ?? (isForCommunity ? 'community' : 'probability');
  if (bestOf === 1) return undefined;
  const kept = {
    probability: 'whose tokens the model finds likeliest on average',
    novelty: 'least like any title that the model was shown, refused ones last',
    community:
      'that being of the community makes likelier most, on average of its tokens, stuttering ones last',
    both: 'of the best ranks by likelihood and by novelty, refused ones last',
  };
  return `best of ${bestOf}: of ${bestOf} candidates for each title the one ${kept[rank]}`;
}

/** Yields texts in order of their index, each as soon as all before it are finished. */
export async function* inOrder(texts: AsyncIterable<GeneratedText>): AsyncGenerator<GeneratedText> {
  const waiting = new Map<number, GeneratedText>();
  let next = 0;
  for await (const text of texts) {
    waiting.set(text.index, text);
    for (let due = waiting.get(next); due; due = waiting.get(next)) {
      waiting.delete(next++);
      yield due;
    }
  }
}
