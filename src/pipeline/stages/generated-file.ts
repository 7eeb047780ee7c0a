import { readFile } from 'node:fs/promises';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { AppendLog } from '../../io/append-log.js';
import { jsonLines } from '../../io/record-formats.js';
import type { Chosen, GeneratedText, TurnedAway } from '../../model/generation/sequence.js';

/** Content of generated.jsonl: one text per line, in order of their index. */
export function formatGenerated(texts: readonly GeneratedText[]): string {
  return texts.map((text) => `${JSON.stringify(text)}\n`).join('');
}

function isGeneratedText(value: unknown): value is GeneratedText {
  if (typeof value !== 'object' || value === null) return false;
  const { index, text, tokens, finishReason, seed, turnedAway, chosen } = value as Partial<GeneratedText>;
  return (
    Number.isSafeInteger(index) &&
    typeof text === 'string' &&
    Number.isSafeInteger(tokens) &&
    (finishReason === 'stop' || finishReason === 'length') &&
    Number.isSafeInteger(seed) &&
    (turnedAway === undefined || isTurnedAway(turnedAway)) &&
    (chosen === undefined || isChosen(chosen))
  );
}

function isChosen(value: unknown): value is Chosen {
  if (typeof value !== 'object' || value === null) return false;
  const { of, candidate, meanLogProbability, closestRating, first } = value as Partial<Chosen>;
  return (
    Number.isSafeInteger(of) &&
    Number.isSafeInteger(candidate) &&
    [meanLogProbability, closestRating].every((score) => score === undefined || Number.isFinite(score)) &&
    (first === undefined || typeof first === 'string')
  );
}

function isTurnedAway(value: unknown): value is TurnedAway {
  if (typeof value !== 'object' || value === null) return false;
  const { draws, first } = value as Partial<TurnedAway>;
  return Number.isSafeInteger(draws) && typeof first === 'string';
}

/** Record format of generated.jsonl and its journal. @param path for messages. */
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
