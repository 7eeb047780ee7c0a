import { importRun } from '../../archive/import-run.js';
import type { RunOptions } from '../../options/option-table.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { Terminal } from '../terminal.js';

/** Makes a run folder of an archive. */
export async function importCommand(
  from: string,
  { runsDir = 'runs', runName, overwrite = false }: Partial<RunOptions>,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, stopsAfterStep, async (context) => {
    const folder = await importRun(from, { runsDir, runName, overwrite }, context);
    terminal.result([folder], { folder });
    return exitCodes.done;
  });
}
