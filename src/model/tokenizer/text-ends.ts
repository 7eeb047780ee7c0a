import type { TitlesmithError } from '../../common/errors.js';
import type { AddedToken, TextEnds, TokenizerDescription } from './description.js';
import { isJsonObject, type JsonObject } from './json-document.js';

/** GPT-2's name of the token that starts and ends a text. */
export const endOfText = '<|endoftext|>';

/** Where a model's files say which tokens start and end a text; undefined: there is no such file. */
export interface EndsSources {
  /** `tokenizer_config.json` */
  readonly tokenizer: JsonObject | undefined;
  /** `special_tokens_map.json` */
  readonly map: JsonObject | undefined;
  /** `config.json` */
  readonly model: JsonObject | undefined;
}

/** The ids of all names. */
function idsByName({ vocabulary, added }: TokenizerDescription): ReadonlyMap<string, number> {
  return new Map([...vocabulary, ...added.map(({ content, id }) => [content, id] as const)]);
}

/** A token is named by its text, or by an object that has it. */
function nameOf(value: unknown): string | undefined {
  const name = isJsonObject(value) ? value['content'] : value;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Which tokens start and end a text: the tokenizer's files are asked before the model's, which are often not changed when
 * tokens are added. One that starts but does not end a text, or the reverse, does both; else `<|endoftext|>` does.
 * @throws what `refuse` makes for a name that is no token, or when none is named.
 */
export function findTextEnds(
  description: TokenizerDescription,
  { tokenizer, map, model }: EndsSources,
  refuse: (what: string) => TitlesmithError,
): TextEnds {
  const ids = idsByName(description);
  const all = new Set(ids.values());
  const find = (kind: 'bos' | 'eos'): number | undefined => {
    const name = nameOf(tokenizer?.[`${kind}_token`]) ?? nameOf(map?.[`${kind}_token`]);
    if (name !== undefined) {
      const id = ids.get(name);
      if (id === undefined) throw refuse(`its ${kind}_token, ${JSON.stringify(name)}, is none of its tokens`);
      return id;
    }
    const stated = model?.[`${kind}_token_id`];
    const id: unknown = Array.isArray(stated) ? stated[0] : stated;
    return typeof id === 'number' && all.has(id) ? id : undefined;
  };
  const [bos, eos] = [find('bos'), find('eos')];
  const end = eos ?? ids.get(endOfText) ?? bos;
  if (end === undefined) throw refuse(`no eos_token is named, and there is no ${endOfText}`);
  return { start: bos ?? end, end };
}

/** The description with the tokens that start and end a text as special ones: no text may be read as them. */
export function withSpecialEnds(
  description: TokenizerDescription,
  { start, end }: TextEnds,
): TokenizerDescription {
  const special = (token: AddedToken): AddedToken =>
    token.id === start || token.id === end ? { ...token, special: true } : token;
  const added = description.added.map(special);
  const names = new Map([...idsByName(description)].map(([name, id]) => [id, name]));
  for (const id of new Set([start, end])) {
    if (added.some((token) => token.id === id)) continue;
    added.push({ id, content: names.get(id)!, special: true, normalized: false });
  }
  return { ...description, added };
}
