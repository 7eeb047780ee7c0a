import type { TitleLosses } from '../common/title-losses.js';
import { wilsonShare } from '../dedupe/verdict/proportions.js';
import { isReported, optionNames, type RunOptions, rowOf } from '../options/option-table.js';
import { defaultOf, keyOf } from '../options/option-values.js';
import type {
  NamedValue,
  ReportInput,
  SampledCopies,
  TokensPerByte,
  TrainingPoint,
} from '../report/report-figures.js';
import type { Decisions, StageRecord } from './manifest.js';

/** Of run.json: when the run was begun, and what its training was decided to be. */
export interface RecordedFacts {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The values in force, and the device; undefined if the model was not trained in this run. */
  readonly training: Pick<StageRecord, 'options' | 'device'> | undefined;
}

/** Options that results depend on, by their names on the command line; those left to the run are omitted. */
export function shownOptions(options: RunOptions): Record<string, string | number | boolean> {
  const shown: Record<string, string | number | boolean> = {};
  for (const name of optionNames) {
    const value = options[name];
    if (isReported(name, value) && isPlain(value)) shown[keyOf(name)] = value;
  }
  return shown;
}

/** Options that were given another value than their default, as they would be typed; lists are joined by commas. */
export function givenOptions(options: RunOptions): NamedValue[] {
  return optionNames.flatMap((name): NamedValue[] => {
    const value = options[name];
    if (!isReported(name, value) || value === defaultOf(rowOf(name))) return [];
    if (Array.isArray(value))
      return value.length === 0 ? [] : [{ name: keyOf(name), value: value.join(', ') }];
    return isPlain(value) ? [{ name: keyOf(name), value: String(value) }] : [];
  });
}

/** The values that training was decided to have, by the names of their options; empty if nothing was trained. */
export function decidedSettings(recorded: RecordedFacts | undefined): NamedValue[] {
  return Object.entries(recorded?.training?.options ?? {}).flatMap(([name, value]): NamedValue[] =>
    isPlain(value) ? [{ name: keyOf(name), value: String(value) }] : [],
  );
}

const names = {
  source: 'source',
  model: 'model',
  device: 'device',
  mixedPrecision: 'mixed precision',
  sentenceModel: 'sentence model',
} as const satisfies Record<keyof Decisions, string>;

/** What was chosen at the start, and why. */
export function decisionsMade(decisions: Decisions): NonNullable<ReportInput['decisions']> {
  return Object.entries(names).flatMap(([key, name]) => {
    const decision = decisions[key as keyof typeof names];
    if (decision === undefined) return [];
    const { choice, reason, description = null } = decision;
    return [{ name, choice, reason, description }];
  });
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/**
 * Copies among the texts that were sampled during training, with their 95% intervals. Metrics of earlier versions do not say
 * how many texts a sample had: its file does, which has a text a line.
 * @param countSamples the texts in the file of a step's sample; undefined where there is none.
 */
export async function sampledCopies(
  metrics: readonly TrainingPoint[],
  countSamples: (step: number) => Promise<number | undefined>,
): Promise<SampledCopies[]> {
  const found: SampledCopies[] = [];
  for (const { step, nearCopyShare, samples } of metrics) {
    if (typeof nearCopyShare !== 'number') continue;
    const texts = samples ?? (await countSamples(step));
    if (texts === undefined || texts === 0)
      found.push({ step, share: nearCopyShare, texts: null, low: null, high: null });
    else found.push({ step, texts, ...shareOf(Math.round(nearCopyShare * texts), texts) });
  }
  return found;
}

function shareOf(copies: number, texts: number): { share: number; low: number; high: number } {
  const { share, low, high } = wilsonShare(copies, texts);
  return { share, low, high };
}

/**
 * Tokens that a byte of titles takes, which makes bits per byte of losses per token; undefined where the run does not know
 * their bytes, or where losses count prompts, whose bytes are not those of titles.
 */
export function tokensPerByte(
  losses: TitleLosses | undefined,
  options: Pick<RunOptions, 'condition'>,
): TokensPerByte | undefined {
  if (losses === undefined || options.condition.length > 0) return undefined;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const { training, heldOut } = losses;
  return {
    training: sum(training.tokens) / sum(training.bytes),
    heldOut: sum(heldOut.tokens) / sum(heldOut.bytes),
  };
}
