import { TitlesmithError } from './errors.js';

/**
 * Titles and their losses, one element a title, in their order in the dataset. A loss is −ln p of the title's tokens and of
 * the end token after them, given the start and, where it has one, the prompt before the title: nats, to 4 decimals.
 */
export interface ScoredTitles {
  /** Number of titles that these were chosen from, evenly spread: all that are short enough for the model. */
  readonly of: number;
  /** The number of each among those, from 0. */
  readonly titles: readonly number[];
  /** Tokens of each that its loss is the sum of: its own and the end token. */
  readonly tokens: readonly number[];
  /** Bytes of each in UTF-8, without its prompt. */
  readonly bytes: readonly number[];
  /** Loss under the weights that training kept. */
  readonly model: readonly number[];
}

/** Held-out titles, scored by what the model is measured against as well. */
interface HeldOutTitles extends ScoredTitles {
  /** Loss under the weights that training began with; see {@link TitleLosses.start}. */
  readonly start: readonly number[];
  /** Loss under the unigram model of training titles. */
  readonly unigram: readonly number[];
  /** Loss under the 3-gram model of training titles. */
  readonly trigram: readonly number[];
}

/** Training titles, scored by what is known of them without the training. */
interface TrainingTitles extends ScoredTitles {
  /** Undefined in files of format 1, as is `unigram`. */
  readonly start?: readonly number[];
  /** Loss under the unigram model of the training titles, these among them. */
  readonly unigram?: readonly number[];
}

/** What a finished training knows of single titles: written to title-losses.json. */
export interface TitleLosses {
  /** The step whose weights were kept; 0: those that training began with. */
  readonly step: number;
  /**
   * `pretrained`: weights that had learned before, whose losses were computed. `untrained`: random ones, whose loss is taken
   * to be ln(vocabulary size) a token; random weights lose half the variance of their logits more, 0.03 for nano.
   */
  readonly start: 'pretrained' | 'untrained';
  /** Tokens that the model, and the n-gram models, spread their probability over. */
  readonly vocabularySize: number;
  /** The seed that the training titles were chosen with. */
  readonly seed: number;
  /** Number of training titles that the n-gram models are of: all, or evenly spread ones where all are too many. */
  readonly baselineTitles: number;
  readonly heldOut: HeldOutTitles;
  /** As many training titles as there are held-out ones, if there are so many. */
  readonly training: TrainingTitles;
}

/** Bits a byte of UTF-8, means over all titles: of the held-out titles by each model, and of the training titles. */
export interface BitsPerByte {
  readonly model: number;
  readonly start: number;
  readonly unigram: number;
  readonly trigram: number;
  /** Of the training titles, under the model. */
  readonly training: number;
}

/** Losses in bits a byte, which compares models of different tokenizers: Σ nats / ln 2 / Σ bytes. */
export function bitsPerByte({ heldOut, training }: TitleLosses): BitsPerByte {
  const bits = (nats: readonly number[], bytes: readonly number[]): number =>
    rounded(sum(nats) / Math.LN2 / sum(bytes));
  return {
    model: bits(heldOut.model, heldOut.bytes),
    start: bits(heldOut.start, heldOut.bytes),
    unigram: bits(heldOut.unigram, heldOut.bytes),
    trigram: bits(heldOut.trigram, heldOut.bytes),
    training: bits(training.model, training.bytes),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** To 4 decimals. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/** The format of title-losses.json that this version writes. Format 1 lacks two lists of the training titles. */
const formatVersion = 2;

const heldOutKeys = ['titles', 'tokens', 'bytes', 'model', 'start', 'unigram', 'trigram'] as const;
const firstTrainingKeys = ['titles', 'tokens', 'bytes', 'model'] as const;
const trainingKeys = [...firstTrainingKeys, 'start', 'unigram'] as const;

/** Losses as JSON, a list a line. */
export function formatTitleLosses({ heldOut, training, ...facts }: TitleLosses): string {
  const section = <Key extends string>(
    titles: { readonly [K in Key]?: readonly number[] } & { readonly of: number },
    keys: readonly Key[],
  ): string => {
    const there = keys.filter((key) => titles[key] !== undefined);
    const lists = there.map((key) => `    "${key}": ${JSON.stringify(titles[key]!.map(rounded))}`);
    return `{\n    "of": ${titles.of},\n${lists.join(',\n')}\n  }`;
  };
  const lines = Object.entries({ formatVersion, ...facts }).map(
    ([key, value]) => `  "${key}": ${JSON.stringify(value)}`,
  );
  lines.push(`  "heldOut": ${section(heldOut, heldOutKeys)}`);
  lines.push(`  "training": ${section(training, trainingKeys)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * The losses that {@link formatTitleLosses} wrote.
 * @param path named in messages.
 * @throws TitlesmithError `title-losses-damaged`; `title-losses-newer` for a format of a newer titlesmith.
 */
export function parseTitleLosses(text: string, path: string): TitleLosses {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(path, 'it is not JSON');
  }
  if (!isRecord(value) || !isCount(value['formatVersion'])) throw damaged(path, 'it names no formatVersion');
  const { formatVersion: format, ...losses } = value;
  if (format < 1 || format > formatVersion) {
    throw new TitlesmithError(`${path} has format ${format}; this titlesmith reads 1 to ${formatVersion}.`, {
      code: 'title-losses-newer',
      hint: 'Update titlesmith.',
    });
  }
  if (!isTitleLosses(losses, format === 1 ? firstTrainingKeys : trainingKeys))
    throw damaged(path, 'its contents do not have the expected form');
  return losses;
}

function damaged(path: string, reason: string): TitlesmithError {
  return new TitlesmithError(`${path} is damaged: ${reason}.`, {
    code: 'title-losses-damaged',
    hint: 'Restore it, or run "titlesmith finetune" on the run folder, which trains again.',
  });
}

function isTitleLosses(
  value: Readonly<Record<string, unknown>>,
  ofTraining: readonly string[],
): value is TitleLosses & typeof value {
  const { step, start, vocabularySize, seed, baselineTitles, heldOut, training } = value;
  return (
    isCount(step) &&
    (start === 'pretrained' || start === 'untrained') &&
    isCount(vocabularySize) &&
    isCount(seed) &&
    isCount(baselineTitles) &&
    areScored(heldOut, heldOutKeys) &&
    areScored(training, ofTraining)
  );
}

/** Whether there are equally long lists of the right kind of numbers, of at least one title. */
function areScored(value: unknown, keys: readonly string[]): boolean {
  if (!isRecord(value)) return false;
  const { of, titles, tokens, bytes, ...losses } = value;
  if (!isCount(of) || !Array.isArray(titles) || titles.length === 0 || titles.length > of) return false;
  const isList = (list: unknown, isElement: (element: unknown) => boolean): boolean =>
    Array.isArray(list) && list.length === titles.length && list.every(isElement);
  return (
    [titles, tokens, bytes].every((list) => isList(list, isCount)) &&
    titles.every((title, index) => title < of && (index === 0 || title > titles[index - 1])) &&
    keys.slice(3).every((key) => isList(losses[key], isLoss))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const isLoss = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
