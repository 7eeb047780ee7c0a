import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type PostMaker, postMaker } from './made-up-post.js';

/** Posts turned into text before each write. */
const postsAtOnce = 2000;

/** Writes posts, oldest first, to a program that compresses them. */
async function writePosts(make: PostMaker, posts: number, path: string, zstdFlags: readonly string[]) {
  const program = spawn('zstd', ['-q', '-f', ...zstdFlags, '-o', path], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(program, 'close');
  let bytes = 0;
  for (let first = 0; first < posts; first += postsAtOnce) {
    let text = '';
    for (let index = first; index < Math.min(posts, first + postsAtOnce); index += 1) text += make(index);
    bytes += Buffer.byteLength(text);
    if (!program.stdin.write(text)) await once(program.stdin, 'drain');
  }
  program.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`zstd ended with ${code}`);
  return bytes;
}

/**
 * Writes a made-up month of posts: `npm run bench -- data/generate-month --posts 1000000 --output RS_2019-03.zst [--zstd=--long=31]`.
 * The same count and seed give the same posts, and a month of fewer posts is the beginning of one of more.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      posts: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      output: { type: 'string', default: 'RS_2019-03.zst' },
      zstd: { type: 'string', multiple: true, default: ['-3'] },
    },
  });
  const posts = Number(values.posts);
  const bytes = await writePosts(postMaker(Number(values.seed)), posts, values.output, values.zstd);
  console.log(`${posts} posts, ${(bytes / 1e9).toFixed(2)} GB, ${Math.round(bytes / posts)} bytes each`);
}

await main();
