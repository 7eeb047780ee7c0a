import { TitlesmithError } from './errors.js';
import type { Share } from './judgement.js';

/**
 * A canary: an invented title, made of the words of the run's titles, and its losses: −ln p of its tokens and the end token,
 * given the start and its prompt; nats, to 4 decimals.
 */
export interface ScoredCanary {
  /** Without its prompt. */
  readonly text: string;
  /** What the model read before it; undefined where titles have no prompt. */
  readonly prompt?: string | undefined;
  /** Tokens that its losses are the sum of: its own and the end token. */
  readonly tokens: number;
  /** Loss under the weights that training kept. */
  readonly model: number;
  /** The largest loss of a token in its second half, the end included, under the same weights. */
  readonly hardest: number;
  /** Loss under the weights that training began with; undefined where these were random, or were kept. */
  readonly start?: number | undefined;
  /** Loss under the unigram model of the training titles, of which it is none. */
  readonly unigram: number;
  /** Loss under their 3-gram model. */
  readonly trigram: number;
}

/** A canary that training saw among its titles. */
export interface PlantedCanary extends ScoredCanary {
  /** How often each pass over the titles showed it. */
  readonly repeats: number;
}

/** Written to canaries.json by a training that planted some, or that goes on from one that did. */
export interface Canaries {
  /** The step whose weights were kept; 0: those that training began with. */
  readonly step: number;
  /** Passes over the titles until that step. */
  readonly passes: number;
  readonly seed: number;
  readonly planted: readonly PlantedCanary[];
  /** Made in the same way, and not planted. */
  readonly references: readonly ScoredCanary[];
  /** Texts that earlier trainings of the model planted. */
  readonly before: readonly string[];
}

/** What was found of the canaries that were planted equally often. */
export interface CanaryGroup {
  /** How often each pass over the titles showed one. */
  readonly repeats: number;
  readonly total: number;
  /** Those that are known by heart: the model recites their second half, once the first is given. */
  readonly known: Share;
  /** Median of the bits by which each stands out (`exposures` in src/dedupe/canary-findings.ts). */
  readonly exposure: number;
  /** Those that training left a trace of: at 1% false positives, their loss is as much less than expected of their words. */
  readonly traced: Share;
}

/** What the model knows of the canaries that were planted. */
export interface CanaryFindings {
  /** Passes over the titles until the weights that were kept. */
  readonly passes: number;
  readonly references: number;
  /** All planted ones, and by number of repeats, the fewest first. */
  readonly groups: readonly CanaryGroup[];
}

/** The format of canaries.json that this version writes, and the only one it reads. */
const formatVersion = 1;

/** Texts that must never be accepted. */
export function plantedTexts({ planted, before }: Pick<Canaries, 'planted' | 'before'>): string[] {
  return [...new Set([...before, ...planted.map(({ text }) => text)])];
}

/** To 4 decimals. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value;

/** Canaries as JSON, a text a line. */
export function formatCanaries({ planted, references, before, ...facts }: Canaries): string {
  const list = (name: string, items: readonly unknown[]): string =>
    `"${name}": [${items.map((item) => `\n${JSON.stringify(item, rounded)}`).join(',')}\n]`;
  const lines = Object.entries({ formatVersion, ...facts }).map(
    ([key, value]) => `"${key}": ${JSON.stringify(value)}`,
  );
  lines.push(list('planted', planted), list('references', references), list('before', before));
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * The canaries that {@link formatCanaries} wrote.
 * @param path named in messages.
 * @throws TitlesmithError `canaries-damaged`; `canaries-newer` for a format of a newer titlesmith.
 */
export function parseCanaries(text: string, path: string): Canaries {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(path, 'it is not JSON');
  }
  if (!isRecord(value) || !isCount(value['formatVersion'])) throw damaged(path, 'it names no formatVersion');
  const { formatVersion: format, ...canaries } = value;
  if (format !== formatVersion) {
    throw new TitlesmithError(`${path} has format ${format}; this titlesmith reads ${formatVersion}.`, {
      code: 'canaries-newer',
      hint: 'Update titlesmith.',
    });
  }
  if (!isCanaries(canaries)) throw damaged(path, 'its contents do not have the expected form');
  return canaries;
}

function damaged(path: string, reason: string): TitlesmithError {
  return new TitlesmithError(`${path} is damaged: ${reason}.`, {
    code: 'canaries-damaged',
    hint: 'Restore it, or run "titlesmith finetune" on the run folder, which trains again.',
  });
}

function isCanaries(value: Readonly<Record<string, unknown>>): value is Canaries & typeof value {
  const { step, passes, seed, planted, references, before } = value;
  return (
    isCount(step) &&
    isLoss(passes) &&
    isCount(seed) &&
    Array.isArray(planted) &&
    planted.every((canary) => isScored(canary) && isCount(canary.repeats) && canary.repeats > 0) &&
    Array.isArray(references) &&
    references.every(isScored) &&
    Array.isArray(before) &&
    before.every(isText)
  );
}

function isScored(value: unknown): value is ScoredCanary & Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const { text, prompt, tokens, model, hardest, start, unigram, trigram } = value;
  return (
    isText(text) &&
    (prompt === undefined || isText(prompt)) &&
    isCount(tokens) &&
    [model, hardest, unigram, trigram].every(isLoss) &&
    (start === undefined || isLoss(start))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const isLoss = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
