import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/common/package-root.js';

interface PackageFile {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

const packageFile = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as PackageFile;
const documentation = readFileSync(join(packageRoot, 'docs/dependencies.md'), 'utf8');

test('docs/dependencies.md lists exactly the dependencies of package.json', () => {
  const listed = [...documentation.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  const { dependencies, devDependencies, peerDependencies = {} } = packageFile;
  const installed = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  expect(listed.sort()).toEqual(installed.sort());
});

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies } = packageFile;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d/.test(version),
  );
  expect(loose).toEqual([]);
});
