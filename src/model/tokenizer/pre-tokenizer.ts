/**
 * GPT-2's pattern of words, which merges never cross (its encoder.py). Written with White_Space instead of `\s`,
 * which in JavaScript means other characters (U+0085, U+FEFF); the result is the same.
 */
const word =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/uy;

/** Classes of ASCII characters that the pattern distinguishes. */
const [other, letter, digit, blank] = [0, 1, 2, 3];
const firstBeyondAscii = 128;
const kinds = Uint8Array.from({ length: firstBeyondAscii }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z]/.test(character)) return letter;
  if (/[0-9]/.test(character)) return digit;
  return /\p{White_Space}/u.test(character) ? blank : other;
});
const [space, apostrophe] = [0x20, 0x27];

/** Length of a contraction such as `'s` or `'re` at an apostrophe; 0 if there is none. */
function contractionLength(text: string, at: number): number {
  const next = text[at + 1];
  if (next === 's' || next === 't' || next === 'm' || next === 'd') return 2;
  if (next !== 'r' && next !== 'v' && next !== 'l') return 0;
  return text[at + 2] === (next === 'l' ? 'l' : 'e') ? 3 : 0;
}

function endByPattern(text: string, start: number): number {
  word.lastIndex = start;
  word.test(text);
  return word.lastIndex;
}

/**
 * The end of the word that begins at `start`, which is the end of another word or 0. Matches ASCII text by hand,
 * which is many times faster than the pattern.
 */
export function wordEnd(text: string, start: number): number {
  let first = text.charCodeAt(start);
  let at = start;
  if (first === apostrophe) {
    const length = contractionLength(text, start);
    if (length > 0) return start + length;
  } else if (first === space && start + 1 < text.length) {
    const second = text.charCodeAt(start + 1);
    if (second >= firstBeyondAscii) return endByPattern(text, start);
    if (kinds[second] !== blank) [first, at] = [second, start + 1];
  }
  if (first >= firstBeyondAscii) return endByPattern(text, start);
  const kind = kinds[first];
  let end = at + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code >= firstBeyondAscii) return endByPattern(text, start);
    if (kinds[code] !== kind) break;
  }
  // The last of several blanks belongs to the next word.
  return kind === blank && end < text.length && end - start > 1 ? end - 1 : end;
}
