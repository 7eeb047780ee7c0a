import { importRun } from '../../archive/import-run.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { Terminal } from '../terminal.js';

/** Imports an archive as a run folder. */
export async function importCommand(
  from: string,
  options: Partial<RunOptions>,
  terminal: Terminal,
): Promise<ExitCode> {
  const { runsDir, runName, overwrite } = { ...defaultOptions(), ...options };
  return interruptible(terminal, stopsAfterStep, async (context) => {
    const folder = await importRun(from, { runsDir, runName, overwrite }, context);
    terminal.result([folder], { folder });
    return exitCodes.done;
  });
}
