import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

/** Styles and scripts of the pages: the client folders of src, bundled by `npm run build`. */
type ClientBundle =
  | 'report.css'
  | 'report.js'
  | 'batch.css'
  | 'review.css'
  | 'review.js'
  | 'serve.css'
  | 'serve.js';

/**
 * One of the bundles, as text.
 * @throws Error when it was not built.
 */
export function readClientBundle(name: ClientBundle): string {
  try {
    return readFileSync(join(packageRoot, 'dist/client', name), 'utf8');
  } catch (cause) {
    throw new Error(`dist/client/${name} is missing: npm run build makes it.`, { cause });
  }
}
