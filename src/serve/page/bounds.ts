/** What the page may ask for; the server holds it to the same. */
export const textBounds = {
  temperature: { minimum: 0, maximum: 2 },
  topK: { minimum: 0, maximum: 1000 },
  topP: { minimum: 0, maximum: 1 },
  seed: { minimum: 0, maximum: 2 ** 32 - 1 },
} as const;
