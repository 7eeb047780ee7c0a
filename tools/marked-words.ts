import { parseArgs } from 'node:util';
import { formatCount, formatDecimal, formatPercent } from '../src/common/number-formats.js';
import { readJudgement } from '../src/pipeline/run/judgement-file.js';
import { findDifferences } from '../src/report/differences.js';

/** Width of the bins of ratings. */
const step = 0.05;

/**
 * Prints, by rating, how much of an output and of its closest training title is the same: from which rating on the review
 * marks words (`markedFrom` in src/review/review-item.ts).
 * @param argv run folders.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const { positionals } = parseArgs({ args: [...argv], allowPositionals: true });
  const bins = new Map<number, number[]>();
  for (const folder of positionals) {
    for (const { text, matched, rating, repeats } of (await readJudgement(folder)).verdicts) {
      if (matched === undefined || repeats !== undefined) continue;
      const bin = Math.floor(rating / step + 1e-9);
      bins.set(bin, [...(bins.get(bin) ?? []), sharedWords(text, matched)]);
    }
  }
  process.stdout.write('rating from  pairs  words that are the same, median  pairs with at least half\n');
  for (const [bin, shares] of [...bins].sort(([one], [other]) => one - other)) {
    shares.sort((one, other) => one - other);
    const half = shares.filter((share) => share >= 0.5).length / shares.length;
    const median = shares[Math.floor((shares.length - 1) / 2)]!;
    const cells = [
      formatDecimal(bin * step),
      formatCount(shares.length),
      formatPercent(median),
      formatPercent(half),
    ];
    process.stdout.write(`${cells.map((cell, place) => cell.padStart([11, 7, 32, 26][place]!)).join('')}\n`);
  }
}

/** Share of the words of two texts that both have, in the same order, from 0 to 1. */
function sharedWords(text: string, matched: string): number {
  const { first, second, runs } = findDifferences(text, matched);
  const common = runs.filter((_, place) => place % 3 === 0).reduce((sum, count) => sum + count, 0);
  return (2 * common) / Math.max(1, first.length + second.length);
}
