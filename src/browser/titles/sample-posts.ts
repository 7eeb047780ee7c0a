import { missingSubreddits } from '../../data/sources/missing-subreddits.js';
import { LineFault, type Post, parseLine, toPost, toRow } from '../../data/sources/ndjson/post.js';
import { comparePosts, TopPosts } from '../../data/sources/ndjson/top-posts.js';
import {
  isLongEnough,
  requestedSubreddits,
  type SourceRow,
  type TitleQuery,
  type TitleSource,
} from '../../data/sources/title-source.js';
import { decompressedStream } from '../../io/compression/decompressed-stream.js';
import { byteLines } from '../../io/lines.js';
import { identityOfFiles } from './dropped-files.js';

/** The name of the sample's file, which is part of what identifies it. */
const fileName = 'sample-posts.ndjson.gz';

/** Longest line, in bytes; the sample's posts take some hundred. */
const maxLineBytes = 2 ** 20;

/**
 * The sample that ships, as a source: made-up posts, by the rules of the dumps of posts that Node's side reads.
 * @param posts the bytes of data/sample-posts.ndjson.gz.
 */
export function samplePostsSource(posts: Blob): TitleSource {
  const file = {
    name: fileName,
    size: posts.size,
    stream: () => posts.stream() as ReadableStream<Uint8Array>,
  };
  return {
    name: 'sample',
    describe: () => 'the bundled sample: made-up posts, not from Reddit',
    fingerprint: async () => `sample false\n${await identityOfFiles([file])}`,
    rows: (query) => topRows(file.stream(), query),
  };
}

async function* topRows(stream: ReadableStream<Uint8Array>, query: TitleQuery): AsyncGenerator<SourceRow> {
  const names = requestedSubreddits(query, 'sample');
  const tops = new Map(names.map((name) => [name, new TopPosts(query.limit)]));
  const seen = new Map<string, number>();
  for await (const post of postsOf(stream)) {
    const name = post.subreddit.toLowerCase();
    seen.set(name, (seen.get(name) ?? 0) + 1);
    if (isLongEnough(post.title, query.minLength)) tops.get(name)?.add(post);
  }
  const found = [...tops.values()].flatMap((top) => top.sorted());
  for (const post of found.sort(comparePosts)) yield toRow(post);
  const missing = names
    .filter((name) => tops.get(name)?.isEmpty)
    .map((name) => ({ name, seen: seen.has(name) }));
  if (missing.length > 0) throw missingSubreddits(missing, fileName, seen, query);
}

async function* postsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Post> {
  const onTooLong = (): never => {
    throw new LineFault(`longer than ${maxLineBytes} bytes`);
  };
  for await (const line of byteLines(decompressedStream(fileName, stream), maxLineBytes, onTooLong)) {
    const post = toPost(parseLine(line, 0, line.length));
    if (post) yield post;
  }
}
