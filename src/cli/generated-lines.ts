import { join } from 'node:path';
import { toPrintable } from '../common/printable.js';
import { runFiles } from '../pipeline/stages/descriptions.js';
import { readGenerated } from '../pipeline/stages/generated-file.js';

/** The generated titles of a run as printable lines, `delimiter` (less its last line break) after each. */
export async function generatedLines(folder: string, delimiter: string): Promise<string[]> {
  const texts = await readGenerated(join(folder, runFiles.generated));
  const separator = delimiter.replace(/\n$/, '').split('\n').map(toPrintable);
  return texts.flatMap(({ text }) => [...text.split('\n').map(toPrintable), ...separator]);
}
