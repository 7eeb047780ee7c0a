import type { TitlesmithError } from '../../common/errors.js';
import { bertWords } from './bert-words.js';
import { isJsonObject, malformedTokenizer, parseJsonObject } from './json-document.js';

/** Words kept with their tokens: titles use the same few thousand again and again. */
const rememberedWords = 50_000;

/** How words become tokens. */
interface WordPieces {
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Stands for a word that cannot be cut into pieces. */
  readonly unknownId: number;
  /** Begins every piece of a word but its first: `##`. */
  readonly continuation: string;
  /** In characters; a longer word is unknown. */
  readonly longestWord: number;
  /** Tokens that count wherever they are written, such as `[SEP]`. */
  readonly special: ReadonlyMap<string, number>;
  readonly startId: number;
  readonly endId: number;
}

/**
 * The tokenizer of BERT's uncased models: words (./bert-words.ts), each cut into the longest pieces of the vocabulary from
 * the left (Wu et al., arXiv 1609.08144; Devlin et al., arXiv 1810.04805). It encodes only, for models that read text and
 * write none.
 */
export class WordPieceTokenizer {
  private readonly known = new Map<string, readonly number[]>();
  private readonly specialPattern: RegExp;

  constructor(private readonly pieces: WordPieces) {
    const names = [...pieces.special.keys()].map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    this.specialPattern = new RegExp(`(${names.join('|')})`);
  }

  get vocabularySize(): number {
    return this.pieces.vocabulary.size;
  }

  /**
   * The ids of a sentence, the start token first and the end token last; those of Hugging Face's `tokenizers`.
   * @param longest most ids in all; the end of a longer sentence is left out.
   */
  encode(text: string, longest = Number.POSITIVE_INFINITY): number[] {
    const { special, startId, endId } = this.pieces;
    const ids = [startId];
    for (const part of text.split(this.specialPattern)) {
      const id = special.get(part);
      if (id !== undefined) ids.push(id);
      else for (const word of bertWords(part)) ids.push(...this.idsOf(word));
    }
    return [...ids.slice(0, longest - 1), endId];
  }

  private idsOf(word: string): readonly number[] {
    const known = this.known.get(word);
    if (known) return known;
    const ids = this.cut(word) ?? [this.pieces.unknownId];
    if (this.known.size < rememberedWords) this.known.set(word, ids);
    return ids;
  }

  /** @returns undefined for a word that is too long, or of which some rest begins with no piece. */
  private cut(word: string): readonly number[] | undefined {
    const { vocabulary, continuation, longestWord } = this.pieces;
    const characters = Array.from(word);
    if (characters.length > longestWord) return undefined;
    const ids: number[] = [];
    for (let start = 0, end = characters.length; start < characters.length; end--) {
      if (end === start) return undefined;
      const piece = (start > 0 ? continuation : '') + characters.slice(start, end).join('');
      const id = vocabulary.get(piece);
      if (id === undefined) continue;
      ids.push(id);
      [start, end] = [end, characters.length + 1];
    }
    return ids;
  }
}

/**
 * The tokens before and after a sentence, by the `post_processor` of a `tokenizer.json`; undefined for one that does something
 * else. BERT's are `[CLS]` and `[SEP]`, MPNet's `<s>` and `</s>`.
 */
function sentenceFrame(processor: unknown): readonly [start: unknown, end: unknown] | undefined {
  if (processor === undefined || processor === null) return ['[CLS]', '[SEP]'];
  if (!isJsonObject(processor)) return undefined;
  const { type, cls, sep, single } = processor;
  if (type === 'BertProcessing' || type === 'RobertaProcessing')
    return Array.isArray(cls) && Array.isArray(sep) ? [cls[0], sep[0]] : undefined;
  if (type !== 'TemplateProcessing' || !Array.isArray(single) || single.length !== 3) return undefined;
  const [start, sentence, end] = single;
  return sentence?.Sequence && start?.SpecialToken && end?.SpecialToken
    ? [start.SpecialToken.id, end.SpecialToken.id]
    : undefined;
}

/**
 * The tokenizer that a `tokenizer.json` describes.
 * @param path named in messages.
 * @throws TitlesmithError `tokenizer-malformed` unless it is one of BERT's for lower-case text, or MPNet's.
 */
export function parseWordPieceTokenizer(content: string, path: string): WordPieceTokenizer {
  const hint = 'A sentence model needs the tokenizer.json of an uncased BERT, as all-MiniLM-L6-v2 has.';
  const malformed = (what: string): TitlesmithError => malformedTokenizer(path, what, hint);
  const {
    model,
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: processor,
    added_tokens: added,
  } = parseJsonObject(content, malformed);
  if (!isJsonObject(model) || model['type'] !== 'WordPiece' || !isJsonObject(model['vocab'])) {
    throw malformed('it holds no WordPiece vocabulary');
  }
  const reads = { clean_text: true, handle_chinese_chars: true, lowercase: true };
  const isUncased =
    isJsonObject(normalizer) &&
    normalizer['type'] === 'BertNormalizer' &&
    normalizer['strip_accents'] !== false &&
    Object.entries(reads).every(([key, wanted]) => normalizer[key] === wanted);
  if (!isUncased) throw malformed('its normalizer is not that of an uncased BERT');
  if (!isJsonObject(preTokenizer) || preTokenizer['type'] !== 'BertPreTokenizer')
    throw malformed('its words are not cut as BERT cuts them');
  const vocabulary = new Map<string, number>();
  for (const [piece, id] of Object.entries(model['vocab'])) {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0)
      throw malformed(`the id of ${JSON.stringify(piece)} is no number from 0 on`);
    vocabulary.set(piece, id);
  }
  const idOf = (name: unknown): number => {
    const id = typeof name === 'string' ? vocabulary.get(name) : undefined;
    if (id === undefined) throw malformed(`its vocabulary lacks ${JSON.stringify(name)}`);
    return id;
  };
  const special = (Array.isArray(added) ? added : []).filter(isJsonObject).map(({ content: name }) => name);
  const {
    unk_token: unknown,
    continuing_subword_prefix: continuation,
    max_input_chars_per_word: longest,
  } = model;
  if (typeof continuation !== 'string' || typeof longest !== 'number')
    throw malformed('it does not say how words are cut into pieces');
  const frame = sentenceFrame(processor);
  if (frame === undefined) throw malformed('it does not put one token before and one after a sentence');
  const [startId, endId] = frame.map(idOf) as [number, number];
  return new WordPieceTokenizer({
    vocabulary,
    unknownId: idOf(unknown),
    continuation,
    longestWord: longest,
    special: new Map([...special, ...frame].map((name) => [String(name), idOf(name)])),
    startId,
    endId,
  });
}
