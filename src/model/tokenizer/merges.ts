/** The rank of a token (a byte string) among merges; undefined where it is no token. */
type RankOf = (token: string) => number | undefined;

/** Ranks by token, from tokens in order of rank. */
export function ranksOf(tokens: readonly string[]): ReadonlyMap<string, number> {
  return new Map(tokens.map((token, rank) => [token, rank]));
}

/**
 * The two tokens whose merge makes a token of more than one byte: byte-pair encoding (Sennrich et al., "Neural Machine
 * Translation of Rare Words with Subword Units", 2016, section 3.2) of its bytes with the merges of lower rank alone.
 * @returns undefined when those merges do not lead to exactly two parts, so that no merge makes the token.
 */
export function mergeParts(token: string, rank: number, rankOf: RankOf): [string, string] | undefined {
  const parts = Array.from(token);
  while (parts.length > 2) {
    let [best, bestRank] = [-1, rank];
    for (let index = 0; index < parts.length - 1; index++) {
      const pairRank = rankOf(parts[index]! + parts[index + 1]!);
      if (pairRank !== undefined && pairRank < bestRank) [best, bestRank] = [index, pairRank];
    }
    if (best < 0) return undefined;
    parts.splice(best, 2, parts[best]! + parts[best + 1]!);
  }
  return [parts[0]!, parts[1]!];
}
