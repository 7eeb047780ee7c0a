import { formatCount } from '../../common/number-formats.js';
import type { DatasetCounts, ExtractCounts } from '../../common/stage-counts.js';
import { parseCsv } from '../../io/csv.js';
import { titleOptions } from '../../options/table/titles.js';
import type { TitlesRead } from '../worker-messages.js';
import { remarkForPage } from './page-words.js';

/** Titles as they were read, cleaned and split. */
interface CleanedTitles {
  readonly counts: ExtractCounts;
  readonly dataset: DatasetCounts;
  readonly titles: readonly string[];
  readonly dropped: readonly { readonly title: string; readonly reason: string }[];
  /** Where more may be there than were read; undefined where they were read to their end, or their files are gone. */
  readonly inAll?: TitleCount | undefined;
}

/** Titles of a list, before any is left out. */
export interface TitleCount {
  readonly count: number;
  /** Whether all were counted. */
  readonly isAll: boolean;
}

const shownTitles = 8;
const shownDropped = 3;

/** What the page shows of titles: counts, and some of them. */
export function describeTitles({
  counts,
  dataset,
  titles,
  dropped,
  inAll,
}: CleanedTitles): Omit<TitlesRead, 'name' | 'isExample'> {
  return {
    extracted: counts.extracted,
    kept: counts.kept,
    dropped: Object.entries(counts.droppedByReason).map(([reason, count]) => ({
      reason,
      count,
      samples: dropped
        .filter((title) => title.reason === reason)
        .slice(0, shownDropped)
        .map(({ title }) => shortened(title)),
    })),
    remarks: [...(counts.remarks ?? []).map(remarkForPage), ...cutInWords(counts, inAll)],
    train: dataset.train,
    heldOut: dataset.validation,
    samples: titles.slice(0, shownTitles),
  };
}

/** Files are read up to the limit and no further, from their beginning. */
function cutInWords({ extracted }: ExtractCounts, inAll: TitleCount | undefined): string[] {
  const most = titleOptions.limit.default;
  if (inAll ? inAll.count <= extracted : extracted < most) return [];
  const known =
    inAll === undefined ? '' : ` There are ${inAll.isAll ? '' : 'more than '}${formatCount(inAll.count)}.`;
  return [
    `This page learns from the first ${formatCount(most)} titles of a list at most, so that it does not take hours.${known}`,
  ];
}

/** What was dropped may be as long as a file. */
function shortened(title: string): string {
  const most = 200;
  return title.length > most ? `${title.slice(0, most)} …` : title;
}

/** The first titles that were dropped for each reason, of records of dropped.csv; its header is the first. */
export class DroppedSamples {
  private readonly records = new Map<string, string[]>();

  add(record: string): void {
    // No reason holds a comma.
    const reason = record.slice(record.lastIndexOf(',') + 1);
    const alike = this.records.get(reason) ?? [];
    if (alike.length < shownDropped) this.records.set(reason, [...alike, record]);
  }

  async titles(): Promise<{ readonly title: string; readonly reason: string }[]> {
    const records = await titlesOfCsv([...this.records.values()].flat());
    return records.map(([title = '', reason = '']) => ({ title, reason }));
  }
}

/** The records of a CSV without its header. */
export async function titlesOfCsv(records: readonly string[]): Promise<string[][]> {
  // In one piece: in a browser the parser waits for a timer after each, 4 ms at least.
  async function* text(): AsyncGenerator<string> {
    yield records.join('');
  }
  const all: string[][] = [];
  for await (const record of parseCsv(text(), 'titles')) all.push(record);
  return all.slice(1);
}
