import { collect } from '../../src/common/collect.js';
import { createRandom, shuffle } from '../../src/common/random.js';
import { cleanTitles } from '../../src/data/cleaning/clean-titles.js';
import { readTitles } from '../../src/data/titles-file.js';
import type { Counted } from '../../src/dedupe/verdict/proportions.js';

/** The titles of a source, and how many of them say what another says. */
export interface Corpus {
  readonly titles: readonly string[];
  readonly repeatedTitles: Counted;
}

/** A file's titles after cleaning, as a run has them. @param count so many of its titles, drawn at random; default: all. */
export async function readCorpus(path: string, count?: number): Promise<Corpus> {
  const all = await collect(readTitles(path));
  const taken = count === undefined ? all : shuffle(all, createRandom(1)).slice(0, count);
  const cleaned = await collect(cleanTitles(toRows(taken)));
  const titles = cleaned.flatMap((row) => ('title' in row ? [row.title] : []));
  const duplicates = cleaned.filter((row) => 'reason' in row && row.reason === 'duplicate').length;
  return { titles, repeatedTitles: { count: 2 * duplicates, total: titles.length + duplicates } };
}

async function* toRows(titles: readonly string[]) {
  for (const title of titles) yield { title };
}
