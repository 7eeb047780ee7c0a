import { closeSync, openSync, readSync } from 'node:fs';
import type { Tokenizer } from '../../src/model/tokenizer/tokenizer.js';
import { numpyPermutation } from './numpy-permutation.js';

/** The tokens of a title, and the community that it was posted to. */
export interface CommunityTitle {
  readonly community: string;
  readonly tokens: Uint16Array;
}

export interface SplitTitles {
  /** Those that the vectors were fitted on, and the few too long for that. */
  readonly train: Iterable<CommunityTitle>;
  /** Eight titles of each community, of small ones a fifth, that no vector was fitted on. */
  readonly heldOut: readonly CommunityTitle[];
}

/** As they were when the vectors were fitted. */
const splitSeed = 22;
const mostTokens = 95;
const heldOutOfEach = 8;

/**
 * Reads lines "subreddit, tab, title", and parts them as they were when the vectors of communities were fitted.
 * @param path all the titles, in their order. @throws Error for a line of another form.
 */
export function readCommunityTitles(path: string, tokenizer: Tokenizer): SplitTitles {
  const counts = new Map<string, number>();
  const communities: string[] = [];
  const ends: number[] = [];
  let all = new Uint16Array(1 << 20);
  for (const line of linesOf(path)) {
    const tab = line.indexOf('\t');
    if (tab < 1)
      throw new Error(`${path}, line ${communities.length + 1}: needed is a subreddit, a tab and a title.`);
    const community = line.slice(0, tab);
    counts.set(community, (counts.get(community) ?? 0) + 1);
    communities.push(community);
    const tokens = tokenizer.encode(line.slice(tab + 1));
    const begin = ends.at(-1) ?? 0;
    if (begin + tokens.length > all.length) {
      const larger = new Uint16Array(2 * all.length);
      larger.set(all);
      all = larger;
    }
    all.set(tokens, begin);
    ends.push(begin + tokens.length);
  }
  const at = (place: number): CommunityTitle => ({
    community: communities[place]!,
    tokens: all.subarray(ends[place - 1] ?? 0, ends[place]),
  });
  const left = new Map(
    [...counts].map(([name, count]) => [name, Math.min(heldOutOfEach, Math.floor(count / 5))]),
  );
  const isHeldOut = new Uint8Array(communities.length);
  for (const place of numpyPermutation(splitSeed, communities.length)) {
    const { community, tokens } = at(place);
    const more = left.get(community)!;
    if (more === 0 || tokens.length > mostTokens) continue;
    left.set(community, more - 1);
    isHeldOut[place] = 1;
  }
  const places = [...communities.keys()];
  return {
    train: {
      *[Symbol.iterator]() {
        for (const place of places) if (isHeldOut[place] === 0) yield at(place);
      },
    },
    heldOut: places.filter((place) => isHeldOut[place] === 1).map(at),
  };
}

/** The lines of a file that is larger than a string may be. */
function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  const [decoder, buffer] = [new TextDecoder(), Buffer.alloc(1 << 22)];
  let rest = '';
  for (;;) {
    const bytes = readSync(file, buffer);
    const lines = (rest + decoder.decode(buffer.subarray(0, bytes), { stream: bytes > 0 })).split('\n');
    rest = lines.pop()!;
    yield* lines;
    if (bytes === 0) break;
  }
  closeSync(file);
  if (rest !== '') yield rest;
}
