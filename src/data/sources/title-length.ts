/** Whether a text has so many Unicode characters, as LENGTH counts them in SQL. */
export function isLongEnough(text: string, characters: number): boolean {
  if (text.length < characters) return false;
  return text.length >= 2 * characters || [...text].length >= characters;
}
