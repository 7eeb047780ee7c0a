import type { SourceRow } from './title-source.js';

/** A row as one line of JSON; line separators of Unicode, at which readers of lines may stop, are escaped. */
export function rowLine(row: SourceRow): string {
  return `${JSON.stringify(row).replace(/[\u2028\u2029]/g, (mark) => (mark === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;
}
