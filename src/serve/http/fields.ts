import { fieldError, ServeError } from '../serve-error.js';

/** The longest prompt in characters (UTF-16 units): more than a slot can hold. */
export const longestPromptCharacters = 2000;

/** Half a surrogate pair has no UTF-8 form. @throws ServeError 400 naming the field. */
export function assertWholeCharacters(field: string, text: string): void {
  if (/\p{Surrogate}/u.test(text))
    throw fieldError(field, `${field} holds half a character (a lone surrogate).`);
}

/** A prompt that leaves too little room for new tokens. */
export function tooLong(field: string, promptTokens: number, capacity: number): ServeError {
  const message =
    `${field} takes ${promptTokens} tokens, its start included, and a text may have ${capacity} with it: ` +
    'use a shorter one, or ask for fewer new tokens.';
  return new ServeError(400, message, { code: 'context_length_exceeded', field });
}
