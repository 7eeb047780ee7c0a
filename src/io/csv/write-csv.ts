/** One record of RFC 4180, its line break included. Fields are quoted where they need it. */
export function csvRecord(fields: readonly string[]): string {
  const quoted = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(',')}\r\n`;
}
