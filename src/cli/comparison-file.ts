import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { usageError } from '../common/errors.js';
import { isComparison } from '../report/comparison/comparison-page.js';

/**
 * Whether `--page` may be written there: only a comparison is replaced by one, as a mistyped name must not cost another file.
 * @throws TitlesmithError `usage` saying why not.
 */
export function checkComparisonPage(path: string): void {
  const got = `--page got ${JSON.stringify(path)}`;
  if (!/[^/\\]\.html?$/i.test(path))
    throw usageError(`${got}, which is no name of a page.`, 'End it in .html.');
  const there = existsSync(path) ? statSync(path) : undefined;
  if (there && !there.isFile()) throw usageError(`${got}, which is no file.`, 'Name a file.');
  if (there && !isComparison(readFileSync(path, 'utf8')))
    throw usageError(`${got}, which is there and no comparison.`, 'Name another file, or remove that one.');
  const folder = dirname(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw usageError(`${got}, but there is no folder ${folder}.`, 'Make it first.');
}
