import { mergeBatch } from '../../batch/merge-shards.js';
import { summarize } from '../../batch/record-lifecycle.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

/** Merges what the shards of a batch left in a folder or bucket. */
export async function mergeCommand(place: string, terminal: Terminal): Promise<ExitCode> {
  const merged = await mergeBatch(place, { onProgress: (event) => terminal.show(event) });
  const { outcome, record, page, shards, missing } = merged;
  const absent = missing.length > 0 ? `; shards missing: ${missing.join(', ')} of ${shards}` : '';
  const lines = [`${summarize(record)}${absent}`, `  page       ${page}`];
  terminal.result(lines, { batch: record, missing, page });
  return exitCodes[outcome];
}
