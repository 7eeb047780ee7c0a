import { readFile } from 'node:fs/promises';
import { fileError, TitlesmithError } from '../../common/errors.js';
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

/** Reads generated.jsonl. @throws TitlesmithError naming file and line where it is not what {@link formatGenerated} writes. */
export async function readGenerated(path: string): Promise<GeneratedText[]> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
  return parseGenerated(content, path);
}

/** The texts of a file's content. @param path names the file in messages. @throws TitlesmithError as above. */
export function parseGenerated(content: string, path: string): GeneratedText[] {
  const lines = content.split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    if (!isGeneratedText(value)) {
      throw new TitlesmithError(`${path}:${index + 1} is not a generated title.`, {
        code: 'generated-malformed',
        hint: 'Run the generate stage again.',
      });
    }
    return value;
  });
}
