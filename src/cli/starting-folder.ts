import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../io/package-root.js';

/**
 * Goes to the folder where the person stands: `npm run` starts a script of this package in the package's own folder, and
 * leaves theirs in INIT_CWD. Scripts of other packages choose their folder themselves, and are left alone.
 */
export function enterStartingFolder(environment: NodeJS.ProcessEnv): void {
  const { INIT_CWD: folder, npm_package_json: manifest } = environment;
  if (!folder || !manifest) return;
  try {
    const root = realpathSync(packageRoot);
    if (realpathSync(manifest) !== join(root, 'package.json')) return;
    // Whoever a script of this package starts elsewhere, as tests do, stands there.
    if (process.cwd() !== root) return;
    process.chdir(folder);
  } catch {
    // A folder that is gone, or a manifest that is: paths stay relative to the package.
  }
  // A child of this process, as a batch has them, stands where it is started.
  delete environment['INIT_CWD'];
}
