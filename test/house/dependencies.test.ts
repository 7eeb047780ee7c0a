import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { readImports } from '../../tools/structure/imports.js';

interface PackageFile {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

const readPackage = (path: string): PackageFile =>
  JSON.parse(readFileSync(join(packageRoot, path), 'utf8')) as PackageFile;
const packageFile = readPackage('package.json');
/** What the tests of interoperability install; of the repository's own packages, ONNX Runtime. */
const { 'onnxruntime-node': own, ...elsewhere } = readPackage(
  'test/interoperability/package.json',
).dependencies;
const documentation = readFileSync(join(packageRoot, 'docs/dependencies.md'), 'utf8');

/** Named only so that those that need them take a version which runs on Node 20. */
const pinnedForOthers = ['light-my-request'];

test('docs/dependencies.md lists exactly the dependencies of the package.json files', () => {
  const listed = [...documentation.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  const { dependencies, devDependencies, optionalDependencies = {}, peerDependencies = {} } = packageFile;
  const all = [dependencies, devDependencies, optionalDependencies, peerDependencies, elsewhere];
  const installed = all.flatMap(Object.keys);
  expect(listed.sort()).toEqual([...new Set(installed)].sort());
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
  expect([...doors.keys()].filter((name) => !imported.has(name))).toEqual(pinnedForOthers);
});

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageFile;
  expect(own).toBe('file:../../node_modules/onnxruntime-node');
  const loose = Object.entries({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
    ...elsewhere,
  }).filter(([, version]) => !/^\d/.test(version));
  expect(loose).toEqual([]);
});

test('lock files name no registry, as people have registries of their own', () => {
  for (const path of ['package-lock.json', 'test/interoperability/package-lock.json'])
    expect(readFileSync(join(packageRoot, path), 'utf8')).not.toMatch(/"resolved": "\w+:/);
});
