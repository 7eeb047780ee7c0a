/**
 * GPT-2's files write a token with one printable character per byte (Radford et al., "Language Models are
 * Unsupervised Multitask Learners", 2019, `bytes_to_unicode` of the released encoder.py). Here tokens are byte
 * strings: JavaScript strings of the characters U+0000 to U+00FF, one per byte.
 */

/** Bytes whose Latin-1 character is printable stand for themselves; the others map to U+0100 and up, in order. */
function isOwnCharacter(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

const characterOfByte: readonly string[] = (() => {
  let nextUnprintable = 0x100;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isOwnCharacter(byte) ? byte : nextUnprintable++),
  );
})();

const latin1OfCharacter = new Map(
  characterOfByte.map((character, byte) => [character, String.fromCharCode(byte)]),
);

/** Converts a byte string to GPT-2's printable alphabet: a space becomes `Ġ`. */
export function toAlphabet(token: string): string {
  return Array.from(token, (byte) => characterOfByte[byte.charCodeAt(0)]).join('');
}

/** The reverse of {@link toAlphabet}; undefined if a character is not in the alphabet. */
export function fromAlphabet(text: string): string | undefined {
  let token = '';
  for (const character of text) {
    const byte = latin1OfCharacter.get(character);
    if (byte === undefined) return undefined;
    token += byte;
  }
  return token;
}
