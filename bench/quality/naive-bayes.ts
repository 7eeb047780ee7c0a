import type { CommunityTitle } from './community-titles.js';

/** So many tokens of all titles together are added to those of each community. */
const shared = 300;

/**
 * Which community a text is of: multinomial naive Bayes over tokens, each community as likely as the others. The share of a token in a
 * community is that of its titles and of `shared` tokens distributed as in all titles.
 */
export class NaiveBayes {
  private readonly places: ReadonlyMap<string, number>;
  /** ln p of token t in community c: [tokens, communities]. */
  private readonly logs: Float32Array;

  constructor(
    private readonly names: readonly string[],
    titles: Iterable<CommunityTitle>,
    vocabularySize: number,
  ) {
    const count = names.length;
    this.places = new Map(names.map((name, place) => [name, place]));
    this.logs = new Float32Array(vocabularySize * count);
    const totals = new Float64Array(count);
    const everywhere = new Float64Array(vocabularySize).fill(1);
    for (const { community, tokens } of titles) {
      const place = this.places.get(community);
      if (place === undefined) continue;
      totals[place]! += tokens.length;
      for (const token of tokens) {
        this.logs[token * count + place]! += 1;
        everywhere[token]! += 1;
      }
    }
    const sum = everywhere.reduce((total, each) => total + each, 0);
    for (let token = 0; token < vocabularySize; token++) {
      const expected = (shared * everywhere[token]!) / sum;
      for (let place = 0; place < count; place++) {
        const at = token * count + place;
        this.logs[at] = Math.log((this.logs[at]! + expected) / (totals[place]! + shared));
      }
    }
  }

  /** The rank of a community for a text, 1 where none is likelier. A text without tokens is nobody's: the last rank. */
  rank(community: string, tokens: ArrayLike<number>): number {
    const count = this.names.length;
    if (tokens.length === 0) return count;
    const scores = new Float64Array(count);
    for (let at = 0; at < tokens.length; at++) {
      const row = tokens[at]! * count;
      for (let place = 0; place < count; place++) scores[place]! += this.logs[row + place]!;
    }
    const own = scores[this.places.get(community)!]!;
    return 1 + scores.reduce((likelier, score) => likelier + Number(score > own), 0);
  }
}
