import type { TitlesmithError } from '../../common/errors.js';
import { type AddedToken, faultOf, type TokenizerDescription } from './description.js';
import { isJsonObject, type JsonObject, malformedTokenizer, parseJsonObject } from './json-document.js';

const hint =
  'titlesmith reads byte-level BPE as GPT-2 and SmolLM2 have it: take a model with such a tokenizer, or its GPT-2 form.';

type Refusal = (what: string) => TitlesmithError;

/** How a part of the file is called in messages: by its type, as the `tokenizers` library does. */
function kindOf(part: unknown): string {
  const type = isJsonObject(part) ? part['type'] : part;
  return JSON.stringify(type === undefined ? 'without a type' : type).slice(0, 60);
}

/** @throws TitlesmithError when one of a part's settings is another than the one that is read; missing ones count as that. */
function checkSettings(part: JsonObject, wanted: JsonObject, where: string, refuse: Refusal): void {
  for (const [name, value] of Object.entries(wanted)) {
    const found = part[name] ?? null;
    if (part[name] === undefined || found === value || (value === null && found === '')) continue;
    throw refuse(
      `${where}: ${name} ${JSON.stringify(found)} is not supported, only ${JSON.stringify(value)}`,
    );
  }
}

/**
 * How a text is cut into words.
 * @returns whether each digit is one of its own.
 * @throws TitlesmithError naming a kind that is neither GPT-2's nor SmolLM2's.
 */
function readPreTokenizer(value: unknown, refuse: Refusal): boolean {
  const parts = isJsonObject(value) && value['type'] === 'Sequence' ? value['pretokenizers'] : [value];
  if (!Array.isArray(parts)) throw refuse('its pre-tokenizer is a Sequence without parts');
  const last: unknown = parts.at(-1);
  const before: readonly unknown[] = parts.slice(0, -1);
  for (const part of before) {
    if (!isJsonObject(part) || part['type'] !== 'Digits')
      throw refuse(`a pre-tokenizer of the kind ${kindOf(part)} is not supported, only ByteLevel and Digits`);
    if (part['individual_digits'] !== true)
      throw refuse('pre-tokenizer Digits: individual_digits false is not supported, only true');
  }
  if (!isJsonObject(last) || last['type'] !== 'ByteLevel')
    throw refuse(
      `a pre-tokenizer of the kind ${kindOf(last)} is not supported, only ByteLevel, after Digits or not`,
    );
  if (last['add_prefix_space'] !== false)
    throw refuse('pre-tokenizer ByteLevel: add_prefix_space true is not supported, only false');
  checkSettings(last, { use_regex: true }, 'pre-tokenizer ByteLevel', refuse);
  return before.length > 0;
}

/** What adds tokens around a text or moves offsets changes no text's own tokens; anything else may. */
const postProcessors: readonly unknown[] = ['ByteLevel', 'TemplateProcessing', 'Sequence'];

/** @returns whether texts are put into NFC. @throws TitlesmithError naming any other normal form. */
function readNormalizer(value: unknown, refuse: Refusal): boolean {
  if (value === null || value === undefined) return false;
  const parts = isJsonObject(value) && value['type'] === 'Sequence' ? value['normalizers'] : [value];
  if (!Array.isArray(parts)) throw refuse('its normalizer is a Sequence without parts');
  const other: unknown = parts.find((part) => !isJsonObject(part) || part['type'] !== 'NFC');
  if (other !== undefined)
    throw refuse(`a normalizer of the kind ${kindOf(other)} is not supported, only NFC`);
  return parts.length > 0;
}

function checkKinds({ post_processor: after, decoder }: JsonObject, refuse: Refusal): void {
  const isKnown = isJsonObject(after) && postProcessors.includes(after['type']);
  if (after !== null && after !== undefined && !isKnown)
    throw refuse(`a post-processor of the kind ${kindOf(after)} is not supported`);
  if (!isJsonObject(decoder) || decoder['type'] !== 'ByteLevel')
    throw refuse(`a decoder of the kind ${kindOf(decoder)} is not supported, only ByteLevel`);
}

function readMerges(value: unknown, refuse: Refusal): [string, string][] {
  if (!Array.isArray(value)) throw refuse('it has no list of merges');
  return value.map((merge: unknown, index) => {
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    const isPair =
      Array.isArray(pair) &&
      pair.length === 2 &&
      pair.every((part) => typeof part === 'string' && part !== '');
    if (!isPair)
      throw refuse(`merge ${index + 1}, ${JSON.stringify(merge)?.slice(0, 60)}, is no pair of tokens`);
    return pair as [string, string];
  });
}

/** A vocabulary of names and ids. @throws TitlesmithError naming one whose id is no number. */
export function readVocabulary(value: unknown, refuse: Refusal): Map<string, number> {
  if (!isJsonObject(value)) throw refuse('it holds no vocabulary');
  const vocabulary = new Map<string, number>();
  for (const [name, id] of Object.entries(value)) {
    if (typeof id !== 'number') throw refuse(`the id of ${JSON.stringify(name)} is no number`);
    vocabulary.set(name, id);
  }
  return vocabulary;
}

/** One token that was added. @throws TitlesmithError when it is malformed, or found by a rule that is not supported. */
export function readAddedToken(value: unknown, id: unknown, refuse: Refusal): AddedToken {
  const { content, special = false, normalized = special !== true } = isJsonObject(value) ? value : {};
  if (typeof content !== 'string' || content === '' || typeof id !== 'number')
    throw refuse(`an added token is malformed: ${JSON.stringify(value)?.slice(0, 60)}`);
  if (special !== true) {
    const rules = { single_word: false, lstrip: false, rstrip: false };
    checkSettings(value as JsonObject, rules, `added token ${JSON.stringify(content)}`, refuse);
  }
  return { id, content, special: special === true, normalized: normalized === true };
}

/**
 * Reads a `tokenizer.json` of the `tokenizers` library.
 * @param path named in messages.
 * @throws TitlesmithError `tokenizer-malformed` naming what is damaged, or a kind of model, normalizer, pre-tokenizer,
 *   post-processor or decoder that is not supported.
 */
export function parseTokenizerDocument(content: string, path: string): TokenizerDescription {
  const refuse: Refusal = (what) => malformedTokenizer(path, what, hint);
  const document = parseJsonObject(content, refuse);
  const { model, pre_tokenizer: preTokenizer, added_tokens: added = [] } = document;
  if (!isJsonObject(model) || (model['type'] ?? 'BPE') !== 'BPE')
    throw refuse(`a model of the kind ${kindOf(model)} is not supported, only BPE`);
  checkKinds(document, refuse);
  const settings = { continuing_subword_prefix: null, end_of_word_suffix: null, dropout: null };
  checkSettings(model, { ...settings, byte_fallback: false }, 'model BPE', refuse);
  const { unk_token: unknown, vocab, merges, ignore_merges: ignoresMerges = false } = model;
  if (typeof ignoresMerges !== 'boolean') throw refuse('model BPE: ignore_merges is neither true nor false');
  if (!Array.isArray(added)) throw refuse('its added_tokens are no list');
  const description: TokenizerDescription = {
    vocabulary: readVocabulary(vocab, refuse),
    merges: readMerges(merges, refuse),
    added: added.map((token: unknown) =>
      readAddedToken(token, isJsonObject(token) ? token['id'] : undefined, refuse),
    ),
    digitsApart: readPreTokenizer(preTokenizer, refuse),
    ignoresMerges,
    ...(readNormalizer(document['normalizer'], refuse) ? { normalization: 'NFC' } : {}),
    ...(typeof unknown === 'string' ? { unknown } : {}),
  };
  const fault = faultOf(description);
  if (fault !== undefined) throw refuse(fault);
  return description;
}
