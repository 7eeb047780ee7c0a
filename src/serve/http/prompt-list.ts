import { fieldError, type HttpError } from '../../web/http-error.js';
import type { PromptInput } from '../completion.js';
import { checkText, longestPromptCharacters } from './prompt-fields.js';

const maxPrompts = 64;

/** The longest prompt of token ids: GPT-2's context. */
const maxIds = 1024;

const forms = 'a text, a list of texts, a list of token ids or a list of such lists';

/**
 * OpenAI's `prompt`: a text or token ids, or a list of either, all of one kind; empty where it is left out.
 * @param vocabularySize number of the model's tokens: ids are below it.
 * @throws HttpError 400 naming the entry and the rule that it breaks.
 */
export function readPrompts(prompt: unknown, vocabularySize: number): readonly PromptInput[] {
  if (prompt === undefined || prompt === null) return [''];
  if (typeof prompt === 'string') return [readText('prompt', prompt)];
  if (!Array.isArray(prompt)) throw promptError(`prompt must be ${forms}; it is ${nameOf(prompt)}.`);
  const list: readonly unknown[] = prompt;
  if (list.length === 0) throw promptError(`prompt must be ${forms}; it is an empty list.`);
  if (typeof list[0] === 'number') return [readIds('prompt', list, vocabularySize)];
  if (list.length > maxPrompts)
    throw promptError(`prompt must hold at most ${maxPrompts} prompts; it holds ${list.length}.`);
  const isOfTexts = typeof list[0] === 'string';
  return list.map((each, index) => {
    const where = `prompt[${index}]`;
    if (isOfTexts && typeof each === 'string') return readText(where, each);
    if (!isOfTexts && Array.isArray(each)) return readIds(where, each, vocabularySize);
    const kind = isOfTexts
      ? 'a text, as prompt[0] is'
      : index === 0
        ? 'a text or a list of token ids'
        : 'a list of token ids, as prompt[0] is';
    throw promptError(`${where} must be ${kind}; it is ${nameOf(each)}.`);
  });
}

function readText(where: string, text: string): string {
  if (text.length > longestPromptCharacters) {
    const rule = `must have at most ${longestPromptCharacters} characters`;
    throw promptError(`${where} ${rule}; it has ${text.length}.`);
  }
  checkText('prompt', text);
  return text;
}

function readIds(where: string, ids: readonly unknown[], vocabularySize: number): readonly number[] {
  if (ids.length === 0) throw promptError(`${where} must hold at least one token id; it is an empty list.`);
  if (ids.length > maxIds)
    throw promptError(`${where} must hold at most ${maxIds} token ids; it holds ${ids.length}.`);
  return ids.map((id, index) => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabularySize) return id;
    const rule = `must be a token id, a whole number from 0 to ${vocabularySize - 1}`;
    throw promptError(`${where}[${index}] ${rule}; it is ${nameOf(id)}.`);
  });
}

const promptError = (message: string): HttpError => fieldError('prompt', message);

/** What a value of a wrong kind is, without its content. */
function nameOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') return 'a text';
  return Array.isArray(value) ? 'a list' : 'an object';
}
