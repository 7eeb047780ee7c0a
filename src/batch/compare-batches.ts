import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import type { BatchComparison } from '../report/batch/batch-comparison.js';
import type { BatchRecord } from '../report/batch/batch-record.js';
import { batchFiles, parseBatchRecord } from './batch-folder.js';
import { shareChanges } from './share-changes.js';

/**
 * Compares two batches, their runs matched by name.
 * @param before a folder with a batch.json, or such a file: of a shard or of an earlier batch too.
 * @throws TitlesmithError where there is no record of a batch, or it is damaged.
 */
export async function compareBatches(before: string, after: string): Promise<BatchComparison> {
  return matchBatches(await readRecordAt(before), await readRecordAt(after));
}

/** Matches the runs of two batches. */
function matchBatches(before: BatchRecord, after: BatchRecord): BatchComparison {
  const earlier = new Map(before.runs.map((run) => [run.name, run]));
  const later = new Set(after.runs.map(({ name }) => name));
  const both = after.runs.map((run) => ({ name: run.name, before: earlier.get(run.name), after: run }));
  const gone = before.runs.filter(({ name }) => !later.has(name));
  const runs = [...both, ...gone.map((run) => ({ name: run.name, before: run, after: undefined }))];
  return {
    before,
    after,
    runs: runs.map((run) => ({
      ...run,
      copies: shareChanges(run.before?.figures, run.after?.figures).copies,
    })),
  };
}

const whatToName = 'Name a folder that --runs-dir named, or a file of runs/.batch/earlier.';

async function readRecordAt(place: string): Promise<BatchRecord> {
  try {
    const path = (await stat(place)).isDirectory() ? batchFiles.record(place, null) : join(place);
    return parseBatchRecord(await readFile(path, 'utf8'), path, whatToName);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw fileError('read', place, error);
    throw new TitlesmithError(`${place} is no batch: there is no batch.json.`, {
      code: 'batch-missing',
      hint: whatToName,
    });
  }
}
