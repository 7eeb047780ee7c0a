import { TitlesmithError } from '../../common/errors.js';

/** An object of a JSON file whose content is not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a tokenizer's file. @param what is wrong with it, without the full stop. */
export function malformedTokenizer(path: string, what: string, hint: string): TitlesmithError {
  return new TitlesmithError(`${path}: ${what}.`, { code: 'tokenizer-malformed', hint });
}

/**
 * The object that a JSON file of a tokenizer holds.
 * @param refuse makes the error for what is wrong with it.
 * @throws what `refuse` makes when it is not JSON, or no object.
 */
export function parseJsonObject(content: string, refuse: (what: string) => TitlesmithError): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw refuse('not JSON');
  }
  if (!isJsonObject(value)) throw refuse('not an object');
  return value;
}
