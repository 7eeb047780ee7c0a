import { gzipSync } from 'node:zlib';
import { samplePath } from '../src/data/sources/dump-source.js';
import { writeFileAtomic } from '../src/io/atomic-file.js';
import { samplePosts, toNdjson } from './sample/posts.js';

/** The gzip header's byte for the operating system (RFC 1952, 2.3.1): unknown, wherever it is written. */
const operatingSystem = { offset: 9, unknown: 255 } as const;

/** `npm run tool -- sample`: writes the bundled sample anew, after a change to the grammars. */
export async function main(): Promise<void> {
  const posts = samplePosts();
  const compressed = gzipSync(toNdjson(posts), { level: 9 });
  compressed[operatingSystem.offset] = operatingSystem.unknown;
  await writeFileAtomic(samplePath, compressed);
  console.log(`Wrote ${posts.length} posts, ${compressed.length} bytes, to ${samplePath}`);
}
