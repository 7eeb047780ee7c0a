import { exportRun } from '../../archive/export-run.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, stopsAfterStep } from '../interrupt.js';
import type { Terminal } from '../terminal.js';

/** Writes a run as one archive. */
export async function archiveCommand(folder: string, to: string, terminal: Terminal): Promise<ExitCode> {
  return interruptible(terminal, stopsAfterStep, async (context) => {
    const { run, place } = await exportRun(folder, to, context);
    terminal.result([`${place}: ${run}`], { run, archive: place });
    return exitCodes.done;
  });
}
