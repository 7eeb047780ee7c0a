import { join } from 'node:path';
import type { ExtractCounts } from '../../common/stage-counts.js';
import { extractTitles } from '../../data/extract.js';
import { openRunSource, titleQuery } from '../decide/source.js';
import { accumulatingSource } from '../run/fetched-months.js';
import { runFiles } from '../run/run-files.js';
import { sharedSource } from '../run/shared-rows.js';
import type { StageJob, StageWorkContext } from './stage.js';

/** Source → cleaning → titles.csv and dropped.csv. */
export async function runExtract(
  { folder, work, options, decisions, shared, startOver }: StageJob,
  context: StageWorkContext,
): Promise<ExtractCounts> {
  const opened = await openRunSource(decisions.source?.choice ?? options.source, options);
  const baseSource = shared ? sharedSource(opened, shared) : opened;
  const monthsRoot = startOver ? work : folder;
  const source = options.addMonths ? accumulatingSource(baseSource, monthsRoot) : baseSource;
  return extractTitles(
    {
      source,
      query: titleQuery(options),
      titlesPath: join(work, runFiles.titles),
      droppedPath: join(work, runFiles.dropped),
      minLength: options.minLength,
      // With --add-months the limit applies to each fetched range of months, not to their sum.
      ...(options.addMonths ? {} : { limit: options.limit * Math.max(1, options.subreddit.length) }),
      withSubreddit: options.condition.includes('subreddit'),
      // A source that cannot be read, or has nothing, is found out with its first row.
      onFirstRow: context.begin,
    },
    context,
  );
}
