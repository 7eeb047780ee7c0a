import { usageError } from '../common/errors.js';
import type { ServedModel } from './served-model.js';

/** Most characters of a name. */
const longestName = 200;

/**
 * Checks what clients are to call models: names that can stand in a line, an address and a label, each another.
 * @throws TitlesmithError `usage` naming the model, or the two whose names are the same.
 */
export function assertNames(models: readonly ServedModel[]): void {
  const seen = new Map<string, ServedModel>();
  for (const each of models) {
    const { name, model } = each;
    const fault = faultOf(name);
    if (fault !== undefined)
      throw usageError(`The name of ${model} ${fault}.`, `Give it another: ${asFlag}.`);
    const other = seen.get(name);
    if (other) {
      throw usageError(
        `Two models are called ${JSON.stringify(name)}: ${other.model} and ${model}.`,
        `Give one of them another name: ${asFlag}.`,
      );
    }
    seen.set(name, each);
  }
}

const asFlag = 'titlesmith serve NAME=MODEL';

/** What is wrong with a name; undefined for nothing. */
function faultOf(name: string): string | undefined {
  if (name.trim() === '') return 'is empty';
  if (name.length > longestName) return `has ${name.length} characters, more than ${longestName}`;
  return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(name) ? 'holds characters that cannot be shown' : undefined;
}
