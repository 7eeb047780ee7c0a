import { dirname, join } from 'node:path';
import type { ExtractCounts } from '../../common/stage-counts.js';
import { extractTitles } from '../../data/extract.js';
import { cleaningRules, titleQuery, withRemarks } from '../../run/extraction.js';
import { runFiles } from '../../run/run-files.js';
import { openRunSource } from '../decide/source.js';
import { accumulatingSource } from '../run/fetched-months.js';
import { sharedSource } from '../run/shared-rows.js';
import type { StageJob, StageWorkContext } from './stage.js';

/** Source → cleaning → titles.csv and dropped.csv. */
export async function runExtract(
  { folder, work, options, decisions, shared, startOver }: StageJob,
  context: StageWorkContext,
): Promise<ExtractCounts> {
  const opened = await openRunSource(decisions.source?.choice ?? options.source, options);
  const remarks: string[] = [];
  const remarked = withRemarks(opened, (message) => remarks.push(withoutFolders(message, options.input)));
  const baseSource = shared ? sharedSource(remarked, shared) : remarked;
  const monthsRoot = startOver ? work : folder;
  const source = options.addMonths ? accumulatingSource(baseSource, monthsRoot) : baseSource;
  const counts = await extractTitles(
    {
      source,
      query: titleQuery(options),
      titlesPath: join(work, runFiles.titles),
      droppedPath: join(work, runFiles.dropped),
      ...cleaningRules(options),
      // A source that cannot be read, or has nothing, is found out with its first row.
      onFirstRow: context.begin,
    },
    context,
  );
  return remarks.length > 0 ? { ...counts, remarks } : counts;
}

/** A line with the files' names alone: counts are the same wherever the files lie. */
function withoutFolders(message: string, paths: readonly string[]): string {
  const folders = paths.map((path) => dirname(path)).filter((folder) => folder !== '.');
  return folders.reduce((text, folder) => text.replaceAll(`${folder}/`, ''), message);
}
