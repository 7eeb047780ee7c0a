import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../common/errors.js';
import type { Judgement } from '../../common/judgement.js';
import { formatJudgement, parseJudgement } from '../../dedupe/judgement-json.js';
import { writeChunksAtomic } from '../../io/atomic-file.js';
import { runFiles } from '../../run/run-files.js';

/** Writes judgement.json into a run folder, atomically. @throws TitlesmithError naming the file. */
export async function writeJudgement(folder: string, judgement: Judgement): Promise<void> {
  await writeChunksAtomic(join(folder, runFiles.judgement), formatJudgement(judgement));
}

/** Reads a run's judgement.json. @throws TitlesmithError naming the file if it is missing, damaged or of a newer version. */
export async function readJudgement(folder: string): Promise<Judgement> {
  const path = join(folder, runFiles.judgement);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
  return parseJudgement(text, path);
}
