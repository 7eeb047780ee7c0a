import type { Ranking as AskedRanking } from '../../options/choices.js';
import type { TokenScore } from './token-scores.js';

/** How new a text is, beside titles that are known. */
export interface Novelty {
  /** How like the closest of them it is, from 0 to 1. */
  readonly rating: number;
  /** Whether it would be refused. */
  readonly isRefused: boolean;
}

/**
 * What the best of several candidates for a text is chosen by: as asked for, or, where a model writes for a community, by how
 * much likelier that makes the text.
 */
type Ranking = AskedRanking | 'community';

/** What a candidate is ranked by. */
interface CandidateScores {
  /** ln p a token, the end token included: the model's own, before temperature and every other rule of sampling. */
  readonly meanLogProbability?: number | undefined;
  readonly novelty?: Novelty | undefined;
  /** ln p a token less ln p without what was added to the logits, the end token included. */
  readonly meanGain?: number | undefined;
  /** Whether it is blank, may not stand, or stutters where that counts: such a one comes after all others. */
  readonly isLast?: boolean | undefined;
}

/**
 * The positions of candidates, the best first. By `probability` those of the highest mean log probability; by `novelty`
 * those that would not be refused, of these the ones least like a known title; by `both` those that would not be refused,
 * of these the ones with the lowest sum of ranks: how many of all candidates are likelier, and how many are newer. Of equal
 * ones the earlier comes first. By `community` those of the highest mean gain: what the text and the community tell of each
 * other a token, the criterion of Li et al., “A diversity-promoting objective function for neural conversation models” (2016).
 */
export function ranked(candidates: readonly CandidateScores[], ranking: Ranking): number[] {
  const surprise = ({ meanLogProbability = 0 }: CandidateScores): number => -meanLogProbability;
  const likeness = ({ novelty }: CandidateScores): number => novelty?.rating ?? 0;
  const gain = ({ meanGain = 0 }: CandidateScores): number => -meanGain;
  const better = (one: CandidateScores, cost: (each: CandidateScores) => number): number =>
    candidates.filter((other) => cost(other) < cost(one)).length;
  const costs = {
    probability: surprise,
    novelty: likeness,
    community: gain,
    both: (one: CandidateScores): number => better(one, surprise) + better(one, likeness),
  };
  const keys = candidates.map((one) => [
    Number(one.isLast ?? false),
    Number((ranking === 'novelty' || ranking === 'both') && (one.novelty?.isRefused ?? false)),
    costs[ranking](one),
  ]);
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const differing = a.findIndex((key, place) => key !== b[place]);
    return differing < 0 ? 0 : a[differing]! - b[differing]!;
  };
  return [...candidates.keys()].sort((a, b) => compare(keys[a]!, keys[b]!) || a - b);
}

/** Mean of ln p over tokens; 0 of none. */
export function meanLogProbability(tokens: readonly TokenScore[]): number {
  const sum = tokens.reduce((total, { logProbability }) => total + logProbability, 0);
  return sum / Math.max(1, tokens.length);
}

/** Mean gain over tokens; undefined where nothing was added to the logits, or of none. */
export function meanGain(tokens: readonly TokenScore[]): number | undefined {
  const gains = tokens.flatMap(({ gain }) => gain ?? []);
  return gains.length === 0 ? undefined : gains.reduce((total, gain) => total + gain, 0) / gains.length;
}

/** The candidates of texts, kept until the last one of a text is there. */
export class CandidatePool<Candidate> {
  private readonly waiting = new Map<number, (Candidate | undefined)[]>();

  /** @param count candidates of each text. */
  constructor(private readonly count: number) {}

  /** Adds a candidate. @returns all of its text, in order, once they are there. */
  add(index: number, number: number, candidate: Candidate): readonly Candidate[] | undefined {
    const all = this.waiting.get(index) ?? new Array<Candidate | undefined>(this.count).fill(undefined);
    all[number] = candidate;
    this.waiting.set(index, all);
    const known = all.filter((each) => each !== undefined);
    if (known.length < this.count) return undefined;
    this.waiting.delete(index);
    return known;
  }
}
