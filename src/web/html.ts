/**
 * Markup that is safe to put into a page as it is. Made by {@link html} only, so that a plain string is
 * always escaped.
 */
export class Html {
  constructor(readonly markup: string) {}
}

type HtmlValue = Html | string | number | null | undefined | readonly Html[];

/**
 * A template whose inserted values are escaped, unless they are markup already; null and undefined leave
 * nothing.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.map((part, i) => part + (i < values.length ? markupOf(values[i]) : '')).join(''));
}

function markupOf(value: HtmlValue): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map((item) => item.markup).join('');
  return escapeHtml(String(value));
}

/**
 * Text from outside, isolated from the writing direction of the page. Control characters are shown as symbols; lone
 * surrogates, which UTF-8 cannot encode, as U+FFFD.
 */
export function titleText(text: string | Html): Html {
  return html`<bdi class="title">${text instanceof Html ? text : visible(text)}</bdi>`;
}

/** {@link titleText}'s characters without its element. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}

/** A value as JSON inside a script element of a type that browsers do not run. */
export function jsonForHtml(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for the content of elements and for quoted attribute values. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
