/** The rank of a token (a byte string); undefined if it is not a token. */
type RankOf = (token: string) => number | undefined;

/** Ranks by token, from tokens in order of rank. */
export function ranksOf(tokens: readonly string[]): ReadonlyMap<string, number> {
  return new Map(tokens.map((token, rank) => [token, rank]));
}

/**
 * The pair of tokens that is merged into a token of more than one byte: byte-pair encoding (Sennrich et al., "Neural
 * Machine Translation of Rare Words with Subword Units", 2016, section 3.2) of its bytes with only the merges of
 * lower rank.
 * @returns undefined if these merges do not leave exactly two symbols, so that no merge gives the token.
 */
export function mergePair(token: string, rank: number, rankOf: RankOf): [string, string] | undefined {
  const symbols = Array.from(token);
  while (symbols.length > 2) {
    let [best, bestRank] = [-1, rank];
    for (let index = 0; index < symbols.length - 1; index++) {
      const pairRank = rankOf(symbols[index]! + symbols[index + 1]!);
      if (pairRank !== undefined && pairRank < bestRank) [best, bestRank] = [index, pairRank];
    }
    if (best < 0) return undefined;
    symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!);
  }
  return [symbols[0]!, symbols[1]!];
}
