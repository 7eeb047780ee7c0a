import { exportRun } from '../../archive/export-run.js';
import { defaultsOf } from '../../options/option-values.js';
import { singleCommandOptions } from '../../options/table/single-commands.js';
import { exportModel } from '../../pipeline/export-model.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { ArchiveOptions, ExportOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';

/** Exports a model for other tools. */
export async function exportCommand(
  model: string,
  options: ExportOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, stopsAfterStep, async (context) => {
    const {
      format,
      ggufType,
      output = '',
      promptSubreddit: subreddit,
      guidanceScale,
    } = { ...defaultsOf(singleCommandOptions), ...options };
    const isGguf = format === 'gguf';
    const description = await exportModel(
      { model, format, output, ...(isGguf ? { ggufType } : {}), subreddit, guidanceScale },
      context,
    );
    const form = `${isGguf ? `gguf of ${ggufType}` : format}${subreddit ? `, for r/${subreddit}` : ''}`;
    const kind = { ...(isGguf ? { ggufType } : {}), ...(subreddit ? { subreddit } : {}) };
    const result = { format, ...kind, output, model: description };
    terminal.result([`${output}: ${description}, as ${form}`], result);
    return exitCodes.done;
  });
}

/** Exports a run as an archive. */
export async function archiveCommand(
  folder: string,
  to: string,
  { overwrite = false }: ArchiveOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, stopsAfterStep, async (context) => {
    const { run, place } = await exportRun(folder, to, context, { overwrite });
    terminal.result([`${place}: ${run}`], { run, archive: place });
    return exitCodes.done;
  });
}
