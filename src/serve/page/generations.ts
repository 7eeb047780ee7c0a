/** Texts that were generated earlier, as the browser keeps them for the page: text, which anything may have changed. */

/** One text, and what was found out about it. */
interface KeptText {
  readonly text: string;
  /** Why it was refused; empty where it was not, or texts are not compared. */
  readonly refused: string;
}

/** What one request gave. */
export interface Generation {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly model: string;
  /** Of the page, seed included, as its address has them (page-settings.ts). */
  readonly settings: string;
  readonly texts: readonly KeptText[];
}

const mostGenerations = 30;
/** Browsers keep some 5 million characters for a site. */
const mostCharacters = 500_000;

/** Puts a generation before the earlier ones, and leaves out the oldest that are too many or too long. */
export function addGeneration(fresh: Generation, earlier: readonly Generation[]): readonly Generation[] {
  const all = [fresh, ...earlier].slice(0, mostGenerations);
  while (all.length > 1 && JSON.stringify(all).length > mostCharacters) all.pop();
  return all;
}

/**
 * The generations in what the browser kept, newest first; those that are not of the form are left out.
 * @param kept null where nothing is.
 */
export function parseGenerations(kept: string | null): readonly Generation[] {
  if (kept === null || kept.length > 2 * mostCharacters) return [];
  let value: unknown;
  try {
    value = JSON.parse(kept);
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.filter(isGeneration).slice(0, mostGenerations) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isGeneration(value: unknown): value is Generation {
  if (!isRecord(value)) return false;
  const { at, model, settings, texts } = value;
  const isTime =
    typeof at === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) && !Number.isNaN(Date.parse(at));
  return (
    isTime &&
    typeof model === 'string' &&
    typeof settings === 'string' &&
    Array.isArray(texts) &&
    texts.length > 0 &&
    texts.every(
      (text) => isRecord(text) && typeof text['text'] === 'string' && typeof text['refused'] === 'string',
    )
  );
}
