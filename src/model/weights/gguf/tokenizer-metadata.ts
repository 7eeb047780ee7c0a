import type { TitlesmithError } from '../../../common/errors.js';
import { type AddedToken, faultOf, type TokenizerDescription } from '../../tokenizer/description.js';
import { malformedTokenizer } from '../../tokenizer/json-document.js';
import { findTextEnds } from '../../tokenizer/text-ends.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { describedTokenizer } from '../folder-tokenizer.js';
import type { MetadataValue } from './cursor.js';
import type { Metadata } from './header.js';

const hint = 'titlesmith reads GGUF files whose tokenizer is byte-level BPE as that of GPT-2 or SmolLM2.';

/** GGUF's numbers of kinds of tokens: one that merges make, special ones, one found in texts, and a row without a token. */
export const tokenKinds = { ordinary: 1, unknown: 2, control: 3, ownText: 4, unused: 5 } as const;
/** Whether digits are apart, by the name that llama.cpp gives a way of cutting words. */
export const wordCuts: ReadonlyMap<MetadataValue, boolean> = new Map([
  ['gpt-2', false],
  ['smollm', true],
]);

function listOf<T extends MetadataValue>(
  metadata: Metadata,
  key: string,
  isElement: (value: MetadataValue) => value is T,
  refuse: (what: string) => TitlesmithError,
): readonly T[] {
  const value = metadata.get(`tokenizer.ggml.${key}`);
  if (!Array.isArray(value) || !value.every(isElement))
    throw refuse(`tokenizer.ggml.${key} is no list of them`);
  return value as readonly T[];
}

const isText = (value: MetadataValue): value is string => typeof value === 'string';
const isNumber = (value: MetadataValue): value is number => typeof value === 'number';

/** Tokens by how they are found in a text. */
function sortTokens(
  metadata: Metadata,
  refuse: (what: string) => TitlesmithError,
): Pick<TokenizerDescription, 'vocabulary' | 'added'> {
  const tokens = listOf(metadata, 'tokens', isText, refuse);
  const kinds = metadata.has('tokenizer.ggml.token_type')
    ? listOf(metadata, 'token_type', isNumber, refuse)
    : tokens.map(() => tokenKinds.ordinary);
  if (kinds.length !== tokens.length)
    throw refuse(`it has ${tokens.length} tokens, but kinds of ${kinds.length}`);
  const vocabulary = new Map<string, number>();
  const added: AddedToken[] = [];
  for (const [id, content] of tokens.entries()) {
    const kind = kinds[id]!;
    if (kind === tokenKinds.unused) continue;
    if (kind === tokenKinds.ordinary) {
      if (vocabulary.has(content)) throw refuse(`token ${JSON.stringify(content)} is there twice`);
      vocabulary.set(content, id);
    } else if (kind === tokenKinds.control || kind === tokenKinds.unknown || kind === tokenKinds.ownText) {
      added.push({ id, content, special: kind !== tokenKinds.ownText, normalized: false });
    } else throw refuse(`token ${JSON.stringify(content)} is of the unknown kind ${kind}`);
  }
  return { vocabulary, added };
}

/**
 * The tokenizer that a GGUF file's metadata describe.
 * @param path named in messages.
 * @throws TitlesmithError `tokenizer-malformed` naming what is damaged, or a kind that is not supported.
 */
export function metadataTokenizer(metadata: Metadata, path: string): Tokenizer {
  const refuse = (what: string): TitlesmithError => malformedTokenizer(path, what, hint);
  const kind = metadata.get('tokenizer.ggml.model');
  if (kind !== 'gpt2') throw refuse(`a tokenizer of the kind ${String(kind)} is not supported, only gpt2`);
  // Files from before the name was written hold GPT-2s.
  const before = metadata.get('general.architecture') === 'gpt2' ? 'gpt-2' : 'none';
  const cut = metadata.get('tokenizer.ggml.pre') ?? before;
  const digitsApart = wordCuts.get(cut);
  if (digitsApart === undefined)
    throw refuse(
      `a pre-tokenizer of the kind ${String(cut)} is not supported, only ${[...wordCuts.keys()].join(' and ')}`,
    );
  const merges = listOf(metadata, 'merges', isText, refuse).map((merge, index): [string, string] => {
    const [first, second, ...rest] = merge.split(' ');
    if (!first || !second || rest.length > 0)
      throw refuse(`merge ${index + 1}, ${JSON.stringify(merge.slice(0, 60))}, is no pair of tokens`);
    return [first, second];
  });
  const description = { ...sortTokens(metadata, refuse), merges, digitsApart };
  const fault = faultOf(description);
  if (fault !== undefined) throw refuse(fault);
  const model = Object.fromEntries(
    ['bos_token_id', 'eos_token_id'].map((key) => [key, metadata.get(`tokenizer.ggml.${key}`)]),
  );
  return describedTokenizer(
    description,
    findTextEnds(description, { tokenizer: undefined, map: undefined, model }, refuse),
  );
}
