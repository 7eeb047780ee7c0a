import { withoutCondition } from '../../data/conditioning.js';
import { readDataset } from '../../data/dataset-files.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { createTitleJudge, type TitleJudge } from '../../dedupe/title-judge.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import type { TitleFiles } from '../served-model.js';

/** A judge of texts by a run's titles. */
export interface OpenedJudge {
  readonly judge: TitleJudge;
  /** Number of training titles. */
  readonly titles: number;
}

let baseTitles: Promise<ReturnType<typeof decodeBaseTitles>> | undefined;

/** The titles of the base model, one copy for all judges of the thread. */
function readBaseTitles(): Promise<ReturnType<typeof decodeBaseTitles>> {
  baseTitles ??= readBaseFingerprints().then(decodeBaseTitles);
  return baseTitles;
}

/**
 * A judge with a run's titles and rules. Rules that were not stored are chosen again from the titles.
 * @throws TitlesmithError when a dataset file cannot be read.
 */
export async function openJudge({
  train,
  validation,
  threshold,
  rules,
  baseCopies,
  canaries,
}: TitleFiles): Promise<OpenedJudge> {
  const [titles, heldOut] = [await readTitles(train), await readTitles(validation)];
  const judge = await createTitleJudge(titles, {
    threshold,
    heldOut,
    rules,
    tokenize: encodeWords,
    baseTitles: baseCopies && (await readBaseTitles()),
    keepBaseCopies: baseCopies === 'kept',
    canaries,
  });
  return { judge, titles: titles.length };
}

async function readTitles(path: string): Promise<string[]> {
  const titles: string[] = [];
  for await (const title of readDataset(path)) titles.push(withoutCondition(title));
  return titles;
}
