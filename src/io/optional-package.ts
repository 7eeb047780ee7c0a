import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { packageRoot } from './package-root.js';

/** The version of an outside package that titlesmith is tested with. */
function testedVersion(name: string): string | undefined {
  const { devDependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    devDependencies?: Record<string, string>;
  };
  return devDependencies?.[name];
}

/**
 * Checks that a package is here which titlesmith does not install, as it is large and few need it.
 * @param purpose what needs it, with which the message begins: `Reading posts.csv`.
 * @throws TitlesmithError `package-missing` with the command that installs it.
 */
export function requireOptionalPackage(name: string, purpose: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (error) {
    const version = testedVersion(name);
    throw new TitlesmithError(`${purpose} needs ${name}, which is not installed.`, {
      code: 'package-missing',
      hint: `Run npm install ${name}${version === undefined ? '' : `@${version}`} where titlesmith is installed.`,
      cause: error,
    });
  }
}
