import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { samplePath } from '../../src/data/sources/dump-source.js';

/** The community of the bundled sample that the example is of. */
export const exampleCommunity = 'AskReddit';

/** What titles are read from; the sample has more, as dumps have. */
const columns = ['title', 'subreddit', 'score', 'created_utc', 'id'] as const;

/** The posts of one community of the bundled sample, as NDJSON: what a page takes for its example, and no more. */
export function exampleTitles(): Uint8Array {
  const lines = gunzipSync(readFileSync(samplePath)).toString('utf8').split('\n');
  const wanted = lines.filter((line) => line.includes(`"subreddit":"${exampleCommunity}"`));
  return Buffer.from(wanted.map((line) => `${withColumns(line)}\n`).join(''));
}

/** Lines that are no posts, as dumps have some too, stay as they are. */
function withColumns(line: string): string {
  try {
    const post = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return JSON.stringify(Object.fromEntries(columns.map((name) => [name, post[name]])));
  } catch {
    return line;
  }
}
