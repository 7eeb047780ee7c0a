/**
 * GPT-2 writes tokens in its files with one printable character a byte (Radford et al., "Language Models are
 * Unsupervised Multitask Learners", 2019, `bytes_to_unicode` of the released encoder.py). Here tokens are byte
 * strings: JavaScript strings of characters U+0000 to U+00FF, one a byte.
 */

/** Bytes whose Latin-1 character is printable stand for themselves; the others move to U+0100 and on, in order. */
function isOwnCharacter(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

const characterOfByte: readonly string[] = (() => {
  let moved = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isOwnCharacter(byte) ? byte : moved++));
})();

const latin1OfCharacter = new Map(
  characterOfByte.map((character, byte) => [character, String.fromCharCode(byte)]),
);

/** A byte string in GPT-2's printable alphabet: a space becomes `Ġ`. */
export function toAlphabet(token: string): string {
  return Array.from(token, (byte) => characterOfByte[byte.charCodeAt(0)]).join('');
}

/** The reverse of {@link toAlphabet}; undefined where a character is not of the alphabet. */
export function fromAlphabet(text: string): string | undefined {
  let token = '';
  for (const character of text) {
    const byte = latin1OfCharacter.get(character);
    if (byte === undefined) return undefined;
    token += byte;
  }
  return token;
}
