import type { TitlesmithError } from '../../../common/errors.js';
import { formatCount } from '../../../common/number-formats.js';
import { fromAlphabet } from '../../tokenizer/byte-alphabet.js';
import { toBytes } from '../../tokenizer/byte-pair-tokenizer.js';
import type { TokenizerDescription } from '../../tokenizer/description.js';
import { specialTokensFile, tokenizerConfigurationFile } from '../../tokenizer/huggingface-files.js';
import { isJsonObject, malformedTokenizer, parseJsonObject } from '../../tokenizer/json-document.js';
import { ListedMerges } from '../../tokenizer/listed-merges.js';
import { withSpecialEnds } from '../../tokenizer/text-ends.js';
import { startOf, type Tokenizer } from '../../tokenizer/tokenizer.js';
import { tokenizerFile } from '../../tokenizer/tokenizer-document.js';
import { parseTokenizerDocument } from '../../tokenizer/tokenizer-document-reader.js';
import type { TypedValue } from './metadata-values.js';
import { tokenKinds, wordCuts } from './tokenizer-metadata.js';

const hint = 'Export it as onnx or huggingface, which keep the tokenizer as it is.';
const refuse = (what: string): TitlesmithError => malformedTokenizer(tokenizerFile, what, hint);

/** The tokens and kinds of all rows. Rows without a token get a name that no token has. */
function listRows(
  { vocabulary, added }: TokenizerDescription,
  rows: number,
): { tokens: string[]; kinds: number[] } {
  const tokens = new Array<string | undefined>(rows).fill(undefined);
  const kinds = new Array<number>(rows).fill(tokenKinds.unused);
  for (const [name, id] of vocabulary) [tokens[id], kinds[id]] = [name, tokenKinds.ordinary];
  for (const { id, content, special } of added)
    [tokens[id], kinds[id]] = [content, special ? tokenKinds.control : tokenKinds.ownText];
  const taken = new Set(tokens);
  const nameOfRow = (id: number): string => {
    let name = `[PAD${id}]`;
    while (taken.has(name)) name += '_';
    return name;
  };
  return { tokens: tokens.map((token, id) => token ?? nameOfRow(id)), kinds };
}

/** The id of a special token that the tokenizer's files name, such as `pad_token`. */
function namedId(
  files: ReadonlyMap<string, string>,
  ids: ReadonlyMap<string, number>,
  key: string,
): number | undefined {
  for (const file of [tokenizerConfigurationFile, specialTokensFile]) {
    const content = files.get(file);
    if (content === undefined) continue;
    const value = parseJsonObject(content, refuse)[key];
    const name = isJsonObject(value) ? value['content'] : value;
    if (typeof name === 'string') return ids.get(name);
  }
  return undefined;
}

const singleBytes = 256;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The words that are tokens which merges do not make, where the tokenizer takes words whole. */
function unmadeWords(description: TokenizerDescription): string[] {
  if (!description.ignoresMerges) return [];
  const whole = new ListedMerges(description, undefined);
  const merged = new ListedMerges({ ...description, ignoresMerges: false }, undefined);
  const idsOf = (merges: ListedMerges, text: string): string => {
    const ids: number[] = [];
    merges.encode(text, ids);
    return ids.join();
  };
  return [...description.vocabulary.keys()].flatMap((name) => {
    try {
      const text = strict.decode(toBytes(fromAlphabet(name) ?? ''));
      return idsOf(whole, text) === idsOf(merged, text) ? [] : [text];
    } catch {
      // Part of a character is no word.
      return [];
    }
  });
}

/** Which texts get other tokens in llama.cpp than from the tokenizer, a sentence each. */
function differencesOf(description: TokenizerDescription): string[] {
  const { vocabulary, unknown, normalization } = description;
  const differences: string[] = [];
  const single = [...vocabulary.keys()].filter((name) => fromAlphabet(name)?.length === 1).length;
  if (unknown !== undefined && single < singleBytes)
    differences.push(
      `llama.cpp leaves out bytes that no token has; here they become ${JSON.stringify(unknown)}.`,
    );
  if (normalization !== undefined)
    differences.push(`llama.cpp does not put texts into ${normalization}, as this tokenizer does.`);
  const [unmade, ...more] = unmadeWords(description);
  if (unmade !== undefined) {
    const others = more.length > 0 ? ` and ${formatCount(more.length)} more` : '';
    differences.push(
      `llama.cpp takes no word whole, as this tokenizer does: ${JSON.stringify(unmade)}${others} will be other tokens there.`,
    );
  }
  return differences;
}

/** What a GGUF says of a tokenizer, and how llama.cpp's differs from it. */
interface TokenizerMetadata {
  readonly pairs: ReadonlyMap<string, TypedValue>;
  readonly differences: readonly string[];
}

/**
 * A tokenizer as llama.cpp's conversion describes it; a text is begun with the token that starts titles, as in training.
 * @param rows of the token embedding: those beyond the tokens are named as unused.
 * @throws TitlesmithError `tokenizer-malformed` when llama.cpp has no such tokenizer.
 */
export function describedMetadata(tokenizer: Tokenizer, rows: number): TokenizerMetadata {
  const files = tokenizer.files();
  const document = files.get(tokenizerFile);
  if (document === undefined) throw refuse('there is none');
  const [start, end] = [startOf(tokenizer), tokenizer.endOfTextId];
  const description = withSpecialEnds(parseTokenizerDocument(document, tokenizerFile), { start, end });
  const { merges, digitsApart, unknown } = description;
  const spaced = merges.find((pair) => pair.some((token) => token.includes(' ')));
  if (spaced) throw refuse(`its merge of ${JSON.stringify(spaced)} has a space, which GGUF cannot say`);
  const { tokens, kinds } = listRows(description, rows);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const unknownId = unknown === undefined ? namedId(files, ids, 'unk_token') : ids.get(unknown);
  const paddingId = namedId(files, ids, 'pad_token');
  const [cut] = [...wordCuts].find(([, apart]) => apart === digitsApart)!;
  const optional = (key: string, value: number | undefined) =>
    value === undefined ? [] : [[key, { type: 'uint32', value }] as const];
  const pairs: readonly (readonly [string, TypedValue])[] = [
    ['model', { type: 'string', value: 'gpt2' }],
    ['pre', { type: 'string', value: String(cut) }],
    ['tokens', { type: 'strings', value: tokens }],
    ['token_type', { type: 'int32s', value: kinds }],
    ['merges', { type: 'strings', value: merges.map((pair) => pair.join(' ')) }],
    ['bos_token_id', { type: 'uint32', value: start }],
    ['eos_token_id', { type: 'uint32', value: end }],
    ...optional('unknown_token_id', unknownId),
    ...optional('padding_token_id', paddingId),
    ['add_bos_token', { type: 'bool', value: true }],
  ];
  return {
    pairs: new Map(pairs.map(([key, value]) => [`tokenizer.ggml.${key}`, value])),
    differences: differencesOf(description),
  };
}
