import { withoutCondition } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset.js';
import { createTitleJudge, type TitleJudge } from '../../dedupe/title-judge.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import type { TitleFiles } from '../served-model.js';

async function readTitles(path: string): Promise<string[]> {
  const titles: string[] = [];
  for await (const title of readDataset(path)) titles.push(withoutCondition(title));
  return titles;
}

/**
 * A judge by a run's own titles and rules, and how many titles it knows. Rules that were not stored are chosen
 * anew from the titles.
 * @throws TitlesmithError when a dataset file cannot be read.
 */
export async function openJudge({
  train,
  validation,
  threshold,
  rules,
}: TitleFiles): Promise<{ readonly judge: TitleJudge; readonly titles: number }> {
  const [titles, heldOut] = [await readTitles(train), await readTitles(validation)];
  const judge = await createTitleJudge(titles, { threshold, heldOut, rules, tokenize: encodeWords });
  return { judge, titles: titles.length };
}
