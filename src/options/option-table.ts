import type { CommandName, StageName } from './choices.js';
import type { OptionRow, OptionRows, TokenBiases, ValuesOf } from './option-row.js';
import { batchSettings } from './table/batch.js';
import { generationOptions, samplingOptions } from './table/generation.js';
import { deviceOptions, modelOptions, sizeOptions } from './table/model.js';
import { reviewOptions, runOptions } from './table/run.js';
import { serveOptions } from './table/serve.js';
import { singleCommandOptions } from './table/single-commands.js';
import { titleOptions } from './table/titles.js';
import { trainingOptions, trainingSessionOptions } from './table/training.js';

/** The options of a run. Names and defaults are those of gpt-2-simple where it has the same option. */
export const optionTable = {
  ...titleOptions,
  ...modelOptions,
  ...sizeOptions,
  ...deviceOptions,
  ...trainingOptions,
  ...trainingSessionOptions,
  ...generationOptions,
  ...reviewOptions,
  ...runOptions,
} as const satisfies OptionRows;

export type OptionName = keyof typeof optionTable;

/** The value of every option of a run. */
export interface RunOptions extends ValuesOf<typeof optionTable> {}

/** The value of every option of `serve`. If undefined, the value recorded in the run applies. */
export interface ServeOptions extends ValuesOf<typeof serveOptions> {}

/** The value of every setting of a batch. Times in seconds, memory in bytes. */
export interface BatchSettings extends ValuesOf<typeof batchSettings> {}

/** The names of all options of a run, in the order of the table. */
export const optionNames = Object.keys(optionTable) as OptionName[];

/** The row of a run's option, without the type of its value. */
export function rowOf(name: OptionName): OptionRow {
  return optionTable[name];
}

/** Stages whose results depend on an option of a run. */
export function stagesOf(name: OptionName): readonly StageName[] {
  return rowOf(name).stages ?? [];
}

/**
 * Whether the report shows an option that has this value: one that results depend on. A switch about base copies that is off
 * would say something of models that have nothing to do with the base model, and no list of repeats of canaries that were
 * not planted. So with options of sampling that are not in use, and one candidate for a title.
 */
export function isReported(name: OptionName, value: unknown): boolean {
  if (name === 'canaryRepeats' && Array.isArray(value) && value.length === 0) return false;
  if (isUnusedSampling(name, value) || (name === 'bestOf' && value === 1)) return false;
  return stagesOf(name).length > 0 && !(name === 'keepBaseCopies' && value === false);
}

/** Whether an option leaves sampling as it is: one that most runs do without, with its default. */
export function isUnusedSampling(name: string, value: unknown): boolean {
  if (['temperature', 'topK', 'topP'].includes(name) || !Object.hasOwn(samplingOptions, name)) return false;
  const { type, default: unused }: OptionRow = samplingOptions[name as keyof typeof samplingOptions];
  if (value === undefined || value === unused) return true;
  return type === 'tokenBiases' && Object.values(value as TokenBiases).every((bias) => bias === 0);
}

/** The rows of a command's options, by name. */
export function rowsOfCommand(command: CommandName): OptionRows {
  const tables: readonly OptionRows[] = [serveOptions, batchSettings, singleCommandOptions, optionTable];
  return Object.fromEntries(
    tables.flatMap((table) => Object.entries(table).filter(([, row]) => row.commands.includes(command))),
  );
}
