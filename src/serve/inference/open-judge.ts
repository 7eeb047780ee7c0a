import { withoutCondition } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset.js';
import { createTitleJudge, type TitleJudge } from '../../dedupe/title-judge.js';
import { gpt2Tokenizer } from '../../model/tokenizer/gpt2.js';
import type { TitleFiles } from '../served-model.js';

async function readTitles(path: string): Promise<string[]> {
  const titles: string[] = [];
  for await (const title of readDataset(path)) titles.push(withoutCondition(title));
  return titles;
}

/**
 * A judge by a run's own titles and rules, and how many titles it knows.
 * @throws TitlesmithError when a dataset file cannot be read.
 */
export async function openJudge({
  train,
  validation,
  threshold,
}: TitleFiles): Promise<{ readonly judge: TitleJudge; readonly titles: number }> {
  const [titles, heldOut] = [await readTitles(train), await readTitles(validation)];
  // As the dedupe stage counts runs, whatever the model.
  const tokenize = (folded: string): readonly number[] => gpt2Tokenizer().encode(` ${folded}`);
  return { judge: await createTitleJudge(titles, { threshold, heldOut, tokenize }), titles: titles.length };
}
