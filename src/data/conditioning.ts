import { sha256 } from '../common/sha256.js';
import { type ConditionName, conditionNames } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';

/** Ends each part of a prompt. Cleaned titles hold no control characters, so it never stands in one. */
const separator = '\t';
const maxKeywords = 3;
const minKeywordLength = 4;

/** Words that say nothing of what a title is about. */
const stopWords = new Set(
  (
    'about after also been before being could does doing dont even ever every from have having here into just like ' +
    'made make more most much only other over really should some something than that thats their them then there these ' +
    'they thing this those through very want were what when where which while will with without would your youre'
  ).split(' '),
);

/** What a title is about, as a prompt says it. */
interface Condition {
  readonly subreddit?: string | undefined;
  readonly keywords?: readonly string[] | undefined;
}

/**
 * The text before a conditioned title: `r/askreddit⇥`, `llama, wedding⇥`, or both, the subreddit first; ⇥ is a tab.
 * @param names what the model was trained with; what the condition does not say is left empty.
 */
export function conditionPrompt(
  names: readonly ConditionName[],
  { subreddit, keywords = [] }: Condition,
): string {
  const parts = { subreddit: subreddit === undefined ? '' : `r/${subreddit}`, keywords: keywords.join(', ') };
  return conditionNames
    .filter((name) => names.includes(name))
    .map((name) => parts[name] + separator)
    .join('');
}

/** A text without the prompt before its title; one that has none as it is. */
export function withoutCondition(text: string): string {
  return text.slice(text.lastIndexOf(separator) + 1);
}

/** The subreddit in the prompt before a title; undefined where it has none. */
export function promptedSubreddit(text: string): string | undefined {
  return /^r\/([^\t]+)\t/.exec(text)?.[1];
}

/**
 * Whether a title is among the share that is prompted: where the 48 bits of its SHA-256 behind those that decide whether it
 * is held out (./title-split.ts) fall, so that one says nothing of the other.
 */
export function isPrompted(title: string, share: number): boolean {
  const digest = sha256(title);
  const view = new DataView(digest.buffer, digest.byteOffset);
  return (view.getUint32(6) * 2 ** 16 + view.getUint16(10)) / 2 ** 48 < share;
}

/**
 * Whether only some titles are prompted: the model then learns titles alone, and no prompt. Where all are, it learns to
 * write the prompt too, so that it can do without being given one.
 */
export function learnsTitlesAlone({
  condition,
  conditionShare = 1,
}: Pick<RunOptions, 'condition' | 'conditionShare'>): boolean {
  return condition.length > 0 && conditionShare < 1;
}

/** The tokens that a prompt can end with: those that hold the tab. */
export function promptEnds(tokenizer: {
  readonly vocabularySize: number;
  tokenBytes(token: number): Uint8Array;
}): ReadonlySet<number> {
  const tokens = Array.from({ length: tokenizer.vocabularySize }, (_, token) => token);
  return new Set(tokens.filter((token) => tokenizer.tokenBytes(token).includes(separator.charCodeAt(0))));
}

/** A letter of a script that is written without spaces between words. */
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Writes a syllable a letter, so that words are as short as those of Chinese, but between spaces. */
const hangul = /\p{Script=Hangul}/u;

/** Fewest letters of a word that says what a title is about. */
function fewestLetters(word: string): number {
  return spaceless.test(word) || hangul.test(word) ? 2 : minKeywordLength;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}'’][\p{L}\p{N}\p{M}'’]*/gu) ?? [];
  return words
    .flatMap((word) =>
      spaceless.test(word) ? Array.from(segmenter.segment(word), ({ segment }) => segment) : [word],
    )
    .map((word) => word.replace(/['’]/g, ''))
    .filter((word) => word !== '');
}

/**
 * The keywords a title is trained with: its longest words, the first of equally long ones, in their order; of four
 * letters or more (two in Korean and in scripts without spaces), without common ones. From none to three of them, as the hash of the title has it, so that the model
 * learns to go without and with few.
 */
export function keywordsOf(title: string): string[] {
  const words = [...new Set(wordsOf(title))].filter(
    (word) => word.length >= fewestLetters(word) && !stopWords.has(word),
  );
  const count = sha256(title)[31]! % (maxKeywords + 1);
  const longest = new Set(words.toSorted((a, b) => b.length - a.length).slice(0, count));
  return words.filter((word) => longest.has(word));
}

/** Keywords that a person gives, in the form titles are trained with: at most three words. */
export function parseKeywords(text: string): string[] {
  return [...new Set(wordsOf(text))].slice(0, maxKeywords);
}
