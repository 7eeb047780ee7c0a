import { AtomicFile } from '../../io/atomic-file.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { type GenerateOptions, generate, type Model } from './model.js';

export interface GenerateToFileOptions extends GenerateOptions {
  /** Stands after every text but its line break; gpt-2-simple's row of equals signs where it is left out. */
  readonly sampleDelim?: string;
}

/**
 * Generates texts into a file, in the order of their index, each on a line of its own with the delimiter after it. The
 * file appears when it is complete.
 * @returns how many texts were written.
 * @throws TitlesmithError as `generate`, or when the file cannot be written; the signal's reason once it is aborted.
 */
export async function generateToFile(
  model: Model,
  path: string,
  { sampleDelim = `${'='.repeat(20)}\n`, ...options }: GenerateToFileOptions = {},
): Promise<number> {
  const file = await AtomicFile.create(path);
  let next = 0;
  try {
    const waiting = new Map<number, GeneratedText>();
    for await (const text of generate(model, options)) {
      waiting.set(text.index, text);
      for (let due = waiting.get(next); due; due = waiting.get(next)) {
        waiting.delete(next++);
        await file.write(`${due.text}\n${sampleDelim}`);
      }
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
  return next;
}
