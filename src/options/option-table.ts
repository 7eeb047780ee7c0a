import type { CommandName, StageName } from './choices.js';
import type { OptionRow, OptionRows, ValuesOf } from './option-row.js';
import { batchSettings } from './table/batch.js';
import { generationOptions } from './table/generation.js';
import { deviceOptions, modelOptions } from './table/model.js';
import { reviewOptions, runOptions } from './table/run.js';
import { serveOptions } from './table/serve.js';
import { singleCommandOptions } from './table/single-commands.js';
import { titleOptions } from './table/titles.js';
import { trainingOptions, trainingSessionOptions } from './table/training.js';

/** The options of a run. Names and defaults are gpt-2-simple's where it has the notion. */
export const optionTable = {
  ...titleOptions,
  ...modelOptions,
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

/** The value of every option of `serve`. What is not given is as recorded in the run, where it is one. */
export interface ServeOptions extends ValuesOf<typeof serveOptions> {}

/** The value of every setting of a batch. Times in seconds, memory in bytes. */
export interface BatchSettings extends ValuesOf<typeof batchSettings> {}

/** The names of all options of a run, in the order of the table. */
export const optionNames = Object.keys(optionTable) as OptionName[];

/** A row of a run's options, whatever its value. */
export function rowOf(name: OptionName): OptionRow {
  return optionTable[name];
}

/** Stages whose results depend on an option of a run. */
export function stagesOf(name: OptionName): readonly StageName[] {
  return rowOf(name).stages ?? [];
}

/** The options of a command, by name: of a run, and its own. */
export function rowsOfCommand(command: CommandName): OptionRows {
  const tables: readonly OptionRows[] = [serveOptions, batchSettings, singleCommandOptions, optionTable];
  return Object.fromEntries(
    tables.flatMap((table) => Object.entries(table).filter(([, row]) => row.commands.includes(command))),
  );
}
