import { openReview } from '../../pipeline/open-review.js';
import { startReview } from '../../review/server.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible, untilAborted } from '../interrupt.js';
import type { ReviewOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';

/** Serves a review until it is stopped. */
export async function reviewCommand(
  folder: string,
  { port }: ReviewOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, undefined, async (context) => {
    const { onProgress, signal } = context;
    const run = await openReview(folder, context);
    try {
      const server = await startReview(run, { onProgress, ...(port === undefined ? {} : { port }) });
      terminal.result([`Review of ${run.runName}: ${server.url}`, 'Ctrl-C ends it.'], { url: server.url });
      await untilAborted(AbortSignal.any([signal, run.lost]));
      await server.close();
      return exitCodes.done;
    } finally {
      await run.close();
    }
  });
}
