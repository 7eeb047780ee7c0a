import { readFile } from 'node:fs/promises';
import { fileError } from '../../common/errors.js';
import { AppendLog } from '../../io/append-log.js';
import { jsonLines } from '../../io/record-formats.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { checkGenerated } from '../../run/generated-texts.js';

/** Record format of generated.jsonl and its journal. @param path for messages. */
function generatedLines(path: string) {
  return jsonLines((value, line) => checkGenerated(value, path, line));
}

/**
 * Reads generated.jsonl.
 * @throws TitlesmithError when it cannot be read, or naming the line that is malformed.
 */
export async function readGenerated(path: string): Promise<GeneratedText[]> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  const { decode } = generatedLines(path);
  // An edited file may lack the final line feed.
  const whole = content.at(-1) === 0x0a ? content : Buffer.concat([content, Buffer.from('\n')]);
  const texts: GeneratedText[] = [];
  for (let start = 0; start < content.length; ) {
    const { record, end } = decode(whole, start, texts.length + 1)!;
    texts.push(record);
    start = end;
  }
  return texts;
}

/**
 * Opens the journal of finished texts, one per line, which is kept until generated.jsonl is written. An incomplete last
 * line is dropped.
 * @param resume keep the texts in the file; otherwise it is emptied.
 * @throws TitlesmithError naming the path, and the line if it is malformed.
 */
export function openGeneratedJournal(path: string, resume: boolean): Promise<AppendLog<GeneratedText>> {
  return AppendLog.open(path, generatedLines(path), () => resume);
}
