import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { packageRoot } from './package-root.js';

/** Styles and scripts of the pages: the client folders of src, bundled by `npm run build`. */
type ClientBundle =
  | 'report.css'
  | 'report.js'
  | 'batch.css'
  | 'comparison.css'
  | 'review.css'
  | 'review.js'
  | 'serve.css'
  | 'serve.js';

/**
 * One of the bundles, as text.
 * @throws TitlesmithError when it was not built.
 */
export function readClientBundle(name: ClientBundle): string {
  try {
    return readFileSync(join(packageRoot, 'dist/client', name), 'utf8');
  } catch (cause) {
    throw new TitlesmithError(`A part of titlesmith is missing: dist/client/${name}.`, {
      code: 'installation',
      hint: 'Run npm run build, or install titlesmith anew.',
      cause,
    });
  }
}
