import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dedupe } from '../../src/dedupe/dedupe.js';
import type { ReviewInput } from '../../src/review/review.js';
import { inventTitles } from '../report/example.js';

export const trainTitles = inventTitles(200, 'train');

/** A run folder of its own, and the verdicts on some outputs, judged by the real dedupe. */
export async function reviewInput(outputs: readonly string[], runName = 'made-up'): Promise<ReviewInput> {
  const folder = await mkdtemp(join(tmpdir(), 'titlesmith-review-'));
  const numbered = outputs.map((text, index) => ({ index, text }));
  const { verdicts, rules } = await dedupe(numbered, trainTitles);
  return { runName, folder, verdicts, threshold: rules.threshold, reportPath: undefined };
}

/** One new title, one copy, one near copy, one blank and one broken text. */
export const fewOutputs: readonly string[] = [
  'Gardeners, which weed do you secretly admire?',
  trainTitles[0]!,
  `${trainTitles[1]!.slice(0, -1)} lately?`,
  '   ',
  'Two lines\nare no title',
  'Painters, what colour can you not stand?',
];
