import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import { writeFileAtomic } from '../io/atomic-file.js';
import { type ConditionName, conditionFile, conditionNames } from '../options/choices.js';

/** What a model was trained to be prompted by. */
export interface TrainedCondition {
  /** The parts of a prompt. */
  readonly names: readonly ConditionName[];
  /** Share of its titles that were prompted. Below 1 it writes without a prompt, too, and never a prompt itself. */
  readonly share: number;
  /** Subreddits it was trained on, in lower case; empty unless prompted by them. */
  readonly subreddits: readonly string[];
  /** Subreddits kept out of its training, to test it on. */
  readonly keptOut: readonly string[];
}

const formatVersion = 1;

const isName = (value: unknown): boolean => conditionNames.some((name) => name === value);
const areTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function isCondition(value: unknown): value is TrainedCondition {
  if (typeof value !== 'object' || value === null) return false;
  const { names, share, subreddits, keptOut, ...rest } = value as Readonly<Record<string, unknown>>;
  const isShare = typeof share === 'number' && share > 0 && share <= 1;
  return (
    rest['formatVersion'] === formatVersion &&
    Array.isArray(names) &&
    names.length > 0 &&
    names.every(isName) &&
    isShare &&
    areTexts(subreddits) &&
    areTexts(keptOut)
  );
}

/** The format that a file names; undefined where it names none. */
function formatOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('formatVersion' in value)) return undefined;
  return Number.isSafeInteger(value.formatVersion) ? (value.formatVersion as number) : undefined;
}

/**
 * Reads what a model's folder says that it is prompted by.
 * @returns undefined where it says nothing.
 * @throws TitlesmithError when the file cannot be read; `condition-newer` for a format of a newer titlesmith, `condition-damaged` for
 *   another form.
 */
export async function readTrainedCondition(folder: string): Promise<TrainedCondition | undefined> {
  const path = join(folder, conditionFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw fileError('read', path, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const format = formatOf(value) ?? 0;
  if (format > formatVersion) {
    throw new TitlesmithError(`${path} has format ${format}; this titlesmith reads ${formatVersion}.`, {
      code: 'condition-newer',
      hint: 'Update titlesmith.',
    });
  }
  if (!isCondition(value)) {
    throw new TitlesmithError(`${path} does not say what the model is prompted by as titlesmith writes it.`, {
      code: 'condition-damaged',
      hint: 'Put the file that belongs to the model there, or remove it to use the model without prompts.',
    });
  }
  const { names, share, subreddits, keptOut } = value;
  return { names, share, subreddits, keptOut };
}

/** Writes it beside a model's weights. @throws TitlesmithError when it cannot be written. */
export async function writeTrainedCondition(folder: string, condition: TrainedCondition): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError('create the folder', folder, error);
  }
  const content = { formatVersion, ...condition };
  await writeFileAtomic(join(folder, conditionFile), `${JSON.stringify(content, undefined, 2)}\n`);
}
