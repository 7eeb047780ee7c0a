import type { TitlesmithError } from '../../common/errors.js';
import { type AddedToken, faultOf, type TokenizerDescription } from './description.js';
import type { TokenizerTexts } from './huggingface-files.js';
import { isJsonObject, type JsonObject, malformedTokenizer, parseJsonObject } from './json-document.js';
import { type EndsSources, endOfText } from './text-ends.js';
import { readAddedToken, readVocabulary } from './tokenizer-document-reader.js';

/** Tokens that were added to a vocabulary, by earlier versions of transformers. */
export const addedTokensFile = 'added_tokens.json';

const hint = 'The folder must hold vocab.json and merges.txt of one and the same byte-level BPE tokenizer.';

/** The names of special tokens in Hugging Face's files: `bos_token` and others, and a list of further ones. */
function specialNames({ tokenizer, map }: EndsSources): ReadonlySet<string> {
  const named = [tokenizer, map].flatMap((file) =>
    Object.entries(file ?? {}).flatMap(([key, value]) => {
      if (key.endsWith('_token')) return [value];
      const isList = key === 'additional_special_tokens' && Array.isArray(value);
      return isList ? (value as readonly unknown[]) : [];
    }),
  );
  const names = named.map((value) => (isJsonObject(value) ? value['content'] : value));
  return new Set([endOfText, ...names.filter((name) => typeof name === 'string')]);
}

/** The tokens beside the vocabulary: of `tokenizer_config.json`, which says most of them, or else of added_tokens.json. */
function addedTokens(
  sources: EndsSources,
  beside: JsonObject | undefined,
  refuse: (what: string) => TitlesmithError,
): AddedToken[] {
  const decoder = sources.tokenizer?.['added_tokens_decoder'];
  if (isJsonObject(decoder)) {
    return Object.entries(decoder).map(([id, token]) => readAddedToken(token, Number(id), refuse));
  }
  const special = specialNames(sources);
  return Object.entries(beside ?? {}).map(([content, id]) =>
    readAddedToken({ content, special: special.has(content) }, id, refuse),
  );
}

/** Whether vocab.json and merges.txt stand alone, and end with `<|endoftext|>` or should, as GPT-2's. */
export function isGpt2Pair(
  { vocabulary }: TokenizerTexts,
  sources: EndsSources,
  beside: JsonObject | undefined,
): boolean {
  const refuse = (what: string): TitlesmithError => malformedTokenizer(vocabulary.path, what, hint);
  const ids = parseJsonObject(vocabulary.content, refuse);
  const { [endOfText]: end } = ids;
  const last = Object.keys(ids).length - 1;
  if (end !== undefined && end !== last) return false;
  const others = [...specialNames(sources)].filter((name) => name !== endOfText && ids[name] !== undefined);
  const added = addedTokens(sources, beside, refuse).filter(({ content }) => content !== endOfText);
  return added.length === 0 && others.length === 0;
}

/**
 * The tokenizer of vocab.json, merges.txt and what stands beside them, with any ids.
 * @throws TitlesmithError `tokenizer-malformed` when they do not form one.
 */
export function describePair(
  { vocabulary, merges }: TokenizerTexts,
  sources: EndsSources,
  beside: JsonObject | undefined,
): TokenizerDescription {
  const refuse = (what: string): TitlesmithError => malformedTokenizer(vocabulary.path, what, hint);
  const ids = readVocabulary(parseJsonObject(vocabulary.content, refuse), refuse);
  const lines = merges.content
    .split(/\r?\n/)
    .filter((line, index) => line !== '' && !(index === 0 && line[0] === '#'));
  const pairs = lines.map((line, index) => {
    const pair = line.split(' ');
    if (pair.length === 2) return pair as [string, string];
    const what = `merge ${index + 1}, ${JSON.stringify(line.slice(0, 60))}, is no pair of tokens`;
    throw malformedTokenizer(merges.path, what, hint);
  });
  const special = [...specialNames(sources)].filter((name) => ids.has(name));
  const own = special.map((content) => {
    return { id: ids.get(content)!, content, special: true, normalized: false };
  });
  const added = addedTokens(sources, beside, refuse);
  const further = own.filter(({ id }) => !added.some((token) => token.id === id));
  const description = {
    vocabulary: ids,
    merges: pairs,
    added: [...further, ...added].sort((a, b) => a.id - b.id),
    digitsApart: false,
  };
  const fault = faultOf(description);
  if (fault !== undefined) throw refuse(fault);
  return description;
}
