import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { sourceFiles, withoutComments } from '../../tools/structure/imports.js';
import { expectPromised } from './recorded.js';

const read = (file: string): string => withoutComments(readFileSync(join(packageRoot, file), 'utf8'));

/** Names that a door of the library exports, types as such. */
function* exportsOf(door: string, name: string): Generator<string> {
  for (const [, isType, names = ''] of read(door).matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const item of names.split(',')) {
      const [, type, exported] = /^(type )?(\w+)$/.exec(item.trim()) ?? [];
      if (exported !== undefined) yield `${name}: ${isType || type ? 'type ' : ''}${exported}`;
    }
  }
}

/** Names of the values that the built package exports. */
function builtExports(name: string): string[] {
  const code = `console.log(JSON.stringify(Object.keys(await import('${name}'))))`;
  const words = ['--input-type=module', '--eval', code];
  return JSON.parse(
    execFileSync(process.execPath, words, { cwd: packageRoot, encoding: 'utf8' }),
  ) as string[];
}

test("names that 'titlesmith' and 'titlesmith/browser' export are those that were promised", () => {
  const doors = { titlesmith: 'src/index.ts', 'titlesmith/browser': 'src/browser.ts' };
  const lines = Object.entries(doors).flatMap(([name, door]) => [...exportsOf(door, name)]);
  expectPromised('library', lines);
  const values = lines.filter((line) => !line.includes(': type '));
  const built = Object.keys(doors).flatMap((name) => builtExports(name).map((value) => `${name}: ${value}`));
  expect(values.sort()).toEqual(built.sort());
});

test('codes of errors are those that were promised', () => {
  const codes = sourceFiles(packageRoot, 'src').flatMap((file) =>
    [...read(file).matchAll(/\bcode: '([a-z][a-z-]*)'/g)].map(([, code]) => `code: ${code}`),
  );
  expect(codes).toContain('code: run-folder-missing');
  expectPromised('error-codes', codes);
});
