import type { GenerationOptions } from '../../model/generation/generation-options.js';
import { encodePrompts, longestPrompt, type Prompt } from '../../model/generation/prompts.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { CompletionRequest, PromptInput } from '../completion.js';
import type { LoadedModel } from './load-models.js';
import type { Rejection } from './thread-messages.js';

export interface FittedPrompt extends Prompt {
  /** Tokens at its start that stand for no text of the prompt's own: the start token, and a condition. */
  readonly hidden: number;
}

/** A request whose prompts and new tokens fit into a slot. */
export interface FittedRequest {
  readonly options: GenerationOptions;
  readonly prompts: readonly FittedPrompt[];
  /** New tokens of each text; 0 where only the prompts are scored, which `options` cannot say. */
  readonly length: number;
}

/**
 * Encodes the prompts and shortens the length to fit; or a rejection, where the longest prompt leaves too little room.
 */
export function fitPrompts(
  { options: requested, prompts: inputs, scores, shorten }: CompletionRequest,
  { tokenizer, delimiters, facts }: Pick<LoadedModel, 'tokenizer' | 'delimiters' | 'facts'>,
): { readonly rejection: Rejection } | FittedRequest {
  const options = { ...requested, delimiters, length: Math.max(1, requested.length) };
  const prompts = inputs.map((input) => fittedPrompt(tokenizer, options, input, scores?.ofPrompt === true));
  const longest = longestPrompt(prompts);
  const length = shorten ? Math.min(requested.length, facts.capacity - longest) : requested.length;
  if (longest + length <= facts.capacity && length >= Math.min(1, requested.length))
    return { options: { ...options, length: Math.max(1, length) }, prompts, length };
  const prefix = prompts.findIndex(({ tokens }) => tokens.length === longest);
  return { rejection: { reason: 'too long', prefix, promptTokens: longest } };
}

/** @param asItIs a prompt whose tokens are scored keeps the spaces at its end. */
function fittedPrompt(
  tokenizer: Tokenizer,
  options: GenerationOptions,
  input: PromptInput,
  asItIs: boolean,
): FittedPrompt {
  // Exactly these tokens: no start token is put before them.
  if (typeof input !== 'string')
    return { prefix: tokenizer.decode(input), tokens: Int32Array.from(input), hidden: 0 };
  const prompt = encodePrompts(tokenizer, { ...options, prefix: input }, { asItIs })[0]!;
  return { ...prompt, hidden: hiddenTokens(tokenizer, prompt) };
}

/** The tokens before those that hold bytes of the prefix, which stands at the end. */
function hiddenTokens(tokenizer: Tokenizer, { prefix, tokens }: Prompt): number {
  let bytes = Buffer.byteLength(prefix);
  let hidden = tokens.length;
  while (bytes > 0 && hidden > 0) {
    hidden -= 1;
    bytes -= tokenizer.tokenBytes(tokens[hidden]!).length;
  }
  return hidden;
}
