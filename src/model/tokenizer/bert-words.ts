/**
 * Text cut into words as BERT's uncased models read it: what Hugging Face's BertNormalizer (clean_text,
 * handle_chinese_chars, lowercase, and with it strip_accents) and BertPreTokenizer do. Theirs knows the characters of
 * Unicode 8: of marks and punctuation that came later, all of rare scripts, this may say otherwise.
 */

/** White space, which parts words: it counts before control characters, among which tab and line breaks are. */
const whiteSpace = /[\t\n\r]|\p{White_Space}/gu;
const lineSpace = /[\t\n\r]/g;
/** What is removed: NUL, U+FFFD, and control, format and private characters. Unassigned ones stay. */
const removed = /[\0\ufffd\p{Cc}\p{Cf}\p{Co}]/gu;
/** The blocks that BERT takes for Chinese, each character of which is a word. */
const chinese =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
const accents = /\p{Mn}/gu;
/** A punctuation mark, among which are ASCII's symbols, or a run of what is neither such nor white space. */
const words = /[\p{P}$+<=>^`|~]|[^\p{P}$+<=>^`|~\p{White_Space}]+/gu;

/** Each character by itself: a final sigma is written as any other. */
function lowerCase(text: string): string {
  let lower = '';
  for (const character of text) lower += character.toLowerCase();
  return lower;
}

/** Cleaned, Chinese characters apart, without accents, in lower case. */
function normalizeForBert(text: string): string {
  const cleaned = text.replace(lineSpace, ' ').replace(removed, '').replace(whiteSpace, ' ');
  return lowerCase(cleaned.replace(chinese, ' $& ').normalize('NFD').replace(accents, ''));
}

/** The words of a text, each punctuation mark and each Chinese character one of its own. */
export function bertWords(text: string): readonly string[] {
  return normalizeForBert(text).match(words) ?? [];
}
