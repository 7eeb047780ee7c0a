import { openTitleInput, readTitlesInto, type TitleInput } from '../../browser/titles/read-titles.js';
import type { WorkContext } from '../../common/progress.js';
import { splitTitles } from '../../data/title-split.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';
import { titleOptions } from '../../options/table/titles.js';
import { titleQuery } from '../../run/extraction.js';
import type { GivenTitles, TitlesRead } from '../worker-messages.js';
import { DroppedSamples, describeTitles, type TitleCount, titlesOfCsv } from './shown-titles.js';
import { loadFiles } from './site-assets.js';

/** Titles that were read, for the training to come. */
export interface ReadTitles {
  readonly input: TitleInput;
  /** How they are read. */
  readonly options: Partial<RunOptions>;
  readonly shown: TitlesRead;
}

/** The example's community, whose titles alone the site has. */
const exampleSubreddit = 'askreddit';
const exampleName = 'example';

/**
 * Reads titles as a training will, to show what it will learn from.
 * @throws TitlesmithError naming the file, and the line where one is malformed; InterruptedError.
 */
export async function readForPage({ files, column }: GivenTitles, context: WorkContext): Promise<ReadTitles> {
  const input = files ? { files } : { sample: await exampleFile() };
  const options: Partial<RunOptions> = files
    ? column === undefined
      ? {}
      : { column }
    : { subreddit: [exampleSubreddit] };
  const titlesCsv: string[] = [];
  const dropped = new DroppedSamples();
  const takers = {
    titles: (record: string) => void titlesCsv.push(record),
    dropped: (record: string) => dropped.add(record),
  };
  const { counts } = await readTitlesInto(takers, input, options, context);
  const titles = (await titlesOfCsv(titlesCsv)).map(([title = '']) => title);
  const { train, validation } = splitTitles(titles);
  const dataset = { train: train.length, validation: validation.length };
  const name = files ? files.map((file) => file.name).join(', ') : exampleName;
  const about = { name, isExample: files === undefined };
  const most = titleOptions.limit.default;
  const inAll = counts.extracted >= most ? await countTitles(input, options, context) : undefined;
  return {
    input,
    options,
    shown: {
      ...about,
      ...describeTitles({ counts, dataset, titles, dropped: await dropped.titles(), inAll }),
    },
  };
}

/** Milliseconds for which a person may wait for a list to be counted that is not learned to its end. */
const longestCount = 3000;

/** Counts the titles of a list, those that are left out too, as far as that is done in a moment. */
async function countTitles(
  input: TitleInput,
  options: Partial<RunOptions>,
  context: WorkContext,
): Promise<TitleCount> {
  const began = performance.now();
  const silent = { ...context, onProgress: () => {} };
  const checked = { ...defaultOptions(), ...options, limit: Number.MAX_SAFE_INTEGER };
  let count = 0;
  for await (const _ of openTitleInput(input, checked, context).rows(titleQuery(checked), silent)) {
    count++;
    if (count % 1000 === 0 && performance.now() - began > longestCount) return { count, isAll: false };
  }
  return { count, isAll: true };
}

async function exampleFile(): Promise<Blob> {
  return new Blob([...(await loadFiles(['example'])).values()]);
}
