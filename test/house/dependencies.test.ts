import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { readImports } from '../../tools/structure/imports.js';

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

test('every run-time dependency has a documented door, and no package is imported elsewhere', () => {
  const rows = [...documentation.matchAll(/^\| `([^`]+)` \| [^|]+ \| `([^`]+)` \|$/gm)];
  const doors = new Map(rows.map(([, name = '', door = '']) => [name, door]));
  expect(Object.keys(packageFile.dependencies).filter((name) => !doors.has(name))).toEqual([]);
  const outside = readImports(packageRoot).filter(
    ({ outside, target }) => outside && !target.startsWith('node:'),
  );
  for (const { file, target } of outside) {
    const door = doors.get(target);
    expect(door, `${target}, imported by ${file}`).toBeDefined();
    expect(
      file === door || file.startsWith(`${door}/`),
      `${file} imports ${target}, whose door is ${door}`,
    ).toBe(true);
  }
  const imported = new Set(outside.map(({ target }) => target));
  expect([...doors.keys()].filter((name) => !imported.has(name))).toEqual([]);
});

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies } = packageFile;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d/.test(version),
  );
  expect(loose).toEqual([]);
});
