import { defaultsOf } from '../../options/options.js';
import { singleCommandOptions } from '../../options/table/single-commands.js';
import { exportModel } from '../../pipeline/export-model.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { ExportOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';

/** Writes a model for other tools. */
export async function exportCommand(
  model: string,
  given: ExportOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, stopsAfterStep, async (context) => {
    const { format, output = '' } = { ...defaultsOf(singleCommandOptions), ...given };
    const description = await exportModel({ model, format, output }, context);
    terminal.result([`${output}: ${description}, as ${format}`], { format, output, model: description });
    return exitCodes.done;
  });
}
