const unprintable = /[\p{Cc}\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * Text as one line that is safe to print: control characters, line separators and direction marks are escaped, so
 * that hostile input can neither move the cursor nor reorder the text around it.
 */
export function toPrintable(text: string): string {
  return text.replace(unprintable, (run) =>
    [...run]
      .map((character) => {
        const escaped = JSON.stringify(character).slice(1, -1);
        if (escaped !== character) return escaped;
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
      })
      .join(''),
  );
}

/**
 * A value as JSON on one line that is safe to print: what {@link toPrintable} escapes is escaped in its strings too, in
 * JSON's own way, so that it reads back the same. JSON.stringify leaves the controls of C1 as they are, by which some
 * terminals are moved as by ESC.
 */
export function toPrintableJson(value: unknown): string {
  return toPrintable(JSON.stringify(value));
}
