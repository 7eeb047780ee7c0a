import { foldText, wordsOf } from '../fold.js';

/** Words in the longest runs that are counted. */
export const longestRun = 12;

/** More different words than this are never asked for: a run's key is made of its last word and the run before it. */
const wordLimit = 2 ** 21;

/** Estimate of a pair of words that was not seen: this part of how often its second word occurs. */
const backOff = 0.4;

/** A run of words that a text shares with titles. */
interface TitleRun {
  readonly words: readonly string[];
  /** Titles that it stands in. */
  readonly titles: number;
  /** How unlikely it is to be written by chance ({@link WordRuns.bits}). */
  readonly bits: number;
}

/**
 * How often each run of words of some texts stands in titles, case, punctuation and accents set aside: a trie of the runs of up
 * to {@link longestRun} words. Memory grows with the texts, not with the titles.
 */
export class WordRuns {
  private readonly numbers = new Map<string, number>();
  private readonly children = new Map<number, number>();
  /** How often the run of each node occurs in titles, and in how many titles. Node 0 is the empty run. */
  private readonly occurrences: number[] = [0];
  private readonly titles: number[] = [0];
  private readonly lastTitle: number[] = [-1];
  private wordsCounted = 0;
  private titlesCounted = 0;

  /** @param texts folded; what is asked later must be among them. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const words = wordsOf(text);
      for (const start of words.keys()) this.insert(words.slice(start, start + longestRun));
    }
  }

  private insert(words: readonly string[]): void {
    let node = 0;
    for (const word of words) {
      let number = this.numbers.get(word);
      if (number === undefined) {
        number = this.numbers.size % wordLimit;
        this.numbers.set(word, number);
      }
      const key = node * wordLimit + number;
      let child = this.children.get(key);
      if (child === undefined) {
        child = this.occurrences.length;
        this.children.set(key, child);
        this.occurrences.push(0);
        this.titles.push(0);
        this.lastTitle.push(-1);
      }
      node = child;
    }
  }

  /** Counts the runs of a title, as it is written. */
  count(title: string): void {
    const numbers = wordsOf(foldText(title)).map((word) => this.numbers.get(word));
    this.wordsCounted += numbers.length;
    const place = this.titlesCounted++;
    for (const start of numbers.keys()) {
      let node: number | undefined = 0;
      for (let end = start; end < numbers.length && end < start + longestRun; end++) {
        const number = numbers[end];
        if (number === undefined) break;
        node = this.children.get(node * wordLimit + number);
        if (node === undefined) break;
        this.occurrences[node]!++;
        if (this.lastTitle[node] === place) continue;
        this.lastTitle[node] = place;
        this.titles[node]!++;
      }
    }
  }

  private nodeOf(words: readonly string[]): number {
    let node = 0;
    for (const word of words) node = this.children.get(node * wordLimit + this.numbers.get(word)!)!;
    return node;
  }

  /** In how many titles a run of words stands. */
  titlesWith(words: readonly string[]): number {
    return this.titles[this.nodeOf(words)]!;
  }

  /** The runs of a folded text that stand in a title, none of which is part of a longer one. */
  sharedRuns(text: string): TitleRun[] {
    const words = wordsOf(text);
    const found: TitleRun[] = [];
    let reached = 0;
    for (const start of words.keys()) {
      let end = start;
      while (
        end < words.length &&
        end - start < longestRun &&
        this.titlesWith(words.slice(start, end + 1)) > 0
      )
        end++;
      if (end > start && end > reached) {
        const run = words.slice(start, end);
        found.push({ words: run, titles: this.titlesWith(run), bits: this.bits(run) });
      }
      reached = Math.max(reached, end);
    }
    return found;
  }

  /**
   * −log2 of the chance of a run of words where each depends on the one before alone, as often as in the titles, one occurrence of
   * the run left out; of pairs that do not occur again it is estimated by stupid backoff (Brants et al., "Large Language Models
   * in Machine Translation", EMNLP 2007).
   */
  private bits(words: readonly string[]): number {
    const other = (run: readonly string[]): number => this.occurrences[this.nodeOf(run)]! - 1;
    const alone = (word: string): number => Math.max(other([word]), 0.5) / this.wordsCounted;
    return words.reduce((sum, word, i) => {
      const before = words[i - 1];
      const together = before === undefined ? 0 : other([before, word]);
      if (before === undefined) return sum - Math.log2(alone(word));
      return sum - Math.log2(together > 0 ? together / other([before]) : backOff * alone(word));
    }, 0);
  }
}
