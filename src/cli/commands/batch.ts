import type { BatchEvent } from '../../batch/batch-result.js';
import { mergeBatch } from '../../batch/merge-shards.js';
import { summarize } from '../../batch/record-lifecycle.js';
import { runBatches } from '../../batch/run-batches.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { interruptible } from '../interrupt.js';
import type { BatchRequestOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';

const stopping = 'Stopping; runs at work save first. Press Ctrl-C again to stop at once.';

/** Runs a batch, or one at each time of its schedule. @param entry the script that child processes are started with. */
export async function batchCommand(
  file: string,
  { resume = false, json = false, ...settings }: BatchRequestOptions,
  entry: string,
  terminal: Terminal,
): Promise<ExitCode> {
  return interruptible(terminal, stopping, async ({ onProgress, signal }) => {
    const onEvent = (event: BatchEvent): void => {
      if (event.kind === 'error') terminal.error(event.error, event);
      else if (event.kind === 'batch') {
        const { record, page } = event.result;
        terminal.result([summarize(record), `  page       ${page}`], { batch: record, page });
      } else onProgress(event);
    };
    const request = { file, settings, resume, entry, passEvents: json };
    return exitCodes[await runBatches(request, { onProgress: onEvent, signal })];
  });
}

/** Merges the records of a batch's shards in a folder or bucket. */
export async function mergeCommand(place: string, terminal: Terminal): Promise<ExitCode> {
  const merged = await mergeBatch(place, { onProgress: (event) => terminal.show(event) });
  const { outcome, record, page, shards, missing } = merged;
  const absent = missing.length > 0 ? `; shards missing: ${missing.join(', ')} of ${shards}` : '';
  const lines = [`${summarize(record)}${absent}`, `  page       ${page}`];
  terminal.result(lines, { batch: record, missing, page });
  return exitCodes[outcome];
}
