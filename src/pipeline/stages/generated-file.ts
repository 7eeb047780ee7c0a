import { readFile } from 'node:fs/promises';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { AppendLog } from '../../io/append-log.js';
import { jsonLines } from '../../io/record-formats.js';
import type { GeneratedText } from '../../model/generation/sequence.js';

/** generated.jsonl: one text a line, in the order of their index. */
export function formatGenerated(texts: readonly GeneratedText[]): string {
  return texts.map((text) => `${JSON.stringify(text)}\n`).join('');
}

function isGeneratedText(value: unknown): value is GeneratedText {
  if (typeof value !== 'object' || value === null) return false;
  const { index, text, tokens, finishReason, seed } = value as Partial<GeneratedText>;
  return (
    Number.isSafeInteger(index) &&
    typeof text === 'string' &&
    Number.isSafeInteger(tokens) &&
    (finishReason === 'stop' || finishReason === 'length') &&
    Number.isSafeInteger(seed)
  );
}

/** How the lines of such a file are read and written. @param path names it in messages. */
function generatedLines(path: string) {
  return jsonLines((value, line): GeneratedText => {
    if (isGeneratedText(value)) return value;
    throw new TitlesmithError(`${path}:${line} is not a generated title.`, {
      code: 'generated-malformed',
      hint: 'Run the generate stage again.',
    });
  });
}

/**
 * Reads generated.jsonl.
 * @throws TitlesmithError when it cannot be read, naming the line where it is not what {@link formatGenerated} writes.
 */
export async function readGenerated(path: string): Promise<GeneratedText[]> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  const { decode } = generatedLines(path);
  // A file that was edited may end without a line feed.
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
 * Opens the texts in the order they were finished, one a line, that are kept until generated.jsonl is written whole. A
 * last line that was cut off in the middle is dropped.
 * @param resume false: what the file holds is forgotten.
 * @throws TitlesmithError naming the path, and the line where it holds something else.
 */
export function openGeneratedJournal(path: string, resume: boolean): Promise<AppendLog<GeneratedText>> {
  return AppendLog.open(path, generatedLines(path), () => resume);
}
