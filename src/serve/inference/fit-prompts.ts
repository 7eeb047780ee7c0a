import type { GenerationOptions } from '../../model/generation/generation-options.js';
import { encodePrompts, longestPrompt, type Prompt } from '../../model/generation/prompts.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { Delimiters } from '../../options/choices.js';
import type { CompletionRequest } from '../completion.js';
import type { LoadedModel } from './load-model.js';
import type { Rejection } from './thread-messages.js';

/** A request whose prompts and new tokens fit into a slot. */
interface FittedRequest {
  readonly options: GenerationOptions;
  readonly prompts: readonly Prompt[];
  /** Of each prompt. */
  readonly promptTokens: readonly number[];
}

/**
 * Encodes the prompts and shortens the length to fit; or a rejection, where the longest prompt leaves too little room.
 */
export function fitPrompts(
  { options: requested, prompts: inputs, shorten }: CompletionRequest,
  delimiters: Delimiters,
  { tokenizer, facts }: Pick<LoadedModel, 'tokenizer' | 'facts'>,
): { readonly rejection: Rejection } | FittedRequest {
  const options = { ...requested, delimiters };
  const prompts = inputs.flatMap((input) =>
    typeof input === 'string'
      ? encodePrompts(tokenizer, { ...options, prefix: input })
      : promptOfIds(tokenizer, input),
  );
  const promptTokens = prompts.map(({ tokens }) => tokens.length);
  const longest = longestPrompt(prompts);
  const length = shorten ? Math.min(options.length, facts.capacity - longest) : options.length;
  if (length >= 1 && longest + length <= facts.capacity)
    return { options: { ...options, length }, prompts, promptTokens };
  return { rejection: { reason: 'too long', prefix: promptTokens.indexOf(longest), promptTokens: longest } };
}

/** Exactly these tokens: no start token is put before them. */
function promptOfIds(tokenizer: Tokenizer, ids: readonly number[]): Prompt {
  return { prefix: tokenizer.decode(ids), tokens: Int32Array.from(ids) };
}
