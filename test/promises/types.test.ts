import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { declarationFiles } from '../../tools/recorded-types.js';
import { unpackRecorded } from './recorded-runs.js';

// Below the repository, where the types of Node's own modules are found.
mkdirSync(join(packageRoot, '.cache'), { recursive: true });
const folder = mkdtempSync(join(packageRoot, '.cache/promised-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await unpackRecorded('types', join(folder, '1.0'));
  for (const [name, content] of declarationFiles()) {
    mkdirSync(dirname(join(folder, 'now', name)), { recursive: true });
    writeFileSync(join(folder, 'now', name), content);
  }
  const options = { noEmit: true, rootDir: packageRoot, noUnusedLocals: false };
  const configuration = {
    extends: '../../tsconfig.json',
    compilerOptions: options,
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
});

/** What the compiler says of code that has the types of 1.0 as `promised`, and those of the built package as `now`. */
function faultsOf(code: string): string {
  const imports = ['index', 'browser'].map(
    (door) =>
      `import type * as ${door}Now from './now/${door}.js';\nimport type * as ${door}Promised from './1.0/${door}.js';\n`,
  );
  writeFileSync(join(folder, 'code.ts'), `${imports.join('')}${code}`);
  const compiler = join(packageRoot, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  return stdout;
}

/** Uses what is there now by the types that 1.0 had: what callers gave must be taken, what they got must be given. */
const uses = (door: string, now = `typeof ${door}Now`): string =>
  `export declare const ${door}: ${now};\nexport const as${door}: typeof ${door}Promised = ${door};\n`;

test('code that was written for 1.0 compiles with the types that are there now', () => {
  expect(faultsOf(uses('index') + uses('browser'))).toBe('');
});

test('a result that lost a field, an argument that is newly needed, and a name that is gone are found', () => {
  const changed = (change: string): string =>
    faultsOf(uses('index', `Omit<typeof indexNow, 'encodeCsv'> & ${change}`));
  type Case = readonly [string, RegExp];
  const cases: readonly Case[] = [
    ['{}', /encodeCsv/],
    ['{ encodeCsv(csvPath: string, folder: string): Promise<{ readonly train: number }> }', /validation/],
    [
      "{ encodeCsv(csvPath: string, folder: string, more: number): ReturnType<typeof indexNow['encodeCsv']> }",
      /encodeCsv/,
    ],
  ];
  for (const [change, message] of cases) expect(changed(change), change).toMatch(message);
});
