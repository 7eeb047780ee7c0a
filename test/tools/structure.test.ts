import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readWalks } from '../../tools/structure/walks.js';
import { figuresOf, readStructure, type Structure, unusedExports } from '../../tools/structure.js';

const compilerOptions = { target: 'ES2022', module: 'NodeNext', strict: true, types: [], noEmit: true };

/** A small checkout: what is exported, and by whom it is used, is said by the names. */
const tree: Record<string, string> = {
  'package.json': '{ "type": "module" }',
  'tsconfig.json': JSON.stringify({ compilerOptions, include: ['src', 'test', 'bench', 'tools'] }),
  'src/index.ts': "export { forPeople } from './one.js';\n",
  'src/one.ts': [
    "import { usedBelow } from './two/two.js';",
    "import type { UsedType } from './two/two.js';",
    "import * as names from './names.js';",
    'export const forPeople: UsedType = { property: usedBelow };',
    'export function unused(): number { return unusedToo + names.usedByNamespace; }',
    '/** Used here alone. */',
    'export const unusedToo = 1;',
    '',
  ].join('\n'),
  'src/two/two.ts': [
    'export const usedBelow = 1;',
    'export interface UsedType { property: number }',
    'export interface UnusedType { other: number }',
    "// import { unusedToo } from '../one.js';",
    'const local = 2;',
    'export { local as onlyTested };',
    'export class UsedLate {}',
    '',
  ].join('\n'),
  'src/names.ts': 'export const usedByNamespace = 1, notByNamespace = 2;\nexport const property = 3;\n',
  'test/two.test.ts':
    "import { onlyTested } from '../src/two/two.js';\nconst unusedToo = onlyTested;\nvoid unusedToo;\n",
  'bench/late.ts': "const { UsedLate } = await import('../src/two/two.js');\nvoid UsedLate;\n",
};

describe('the figures of a small tree', () => {
  let root = '';
  let structure: Structure;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'titlesmith-structure-'));
    for (const [file, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    structure = readStructure(root);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('find the exports that nobody uses', () => {
    expect(unusedExports(structure).map(({ file, name }) => `${file} ${name}`)).toEqual([
      'src/names.ts notByNamespace',
      // `usedBelow` stands under a property of this name, which is not this constant.
      'src/names.ts property',
      'src/one.ts unused',
      'src/one.ts unusedToo',
      'src/two/two.ts UnusedType',
    ]);
  });

  test('know the users of the others: by type, by namespace, in tests, by a late import', () => {
    const users = Object.fromEntries(structure.exports.map(({ name, users }) => [name, users]));
    expect(users).toMatchObject({
      forPeople: ['src/index.ts'],
      usedBelow: ['src/one.ts'],
      UsedType: ['src/one.ts'],
      usedByNamespace: ['src/one.ts'],
      onlyTested: ['test/two.test.ts'],
      UsedLate: ['bench/late.ts'],
    });
  });

  test('are counted', () => {
    expect(figuresOf(structure)).toEqual({
      files: '4',
      lines: '17',
      'mean length': '4',
      'median length': '4.5',
      'largest file': '7 (src/one.ts)',
      'of at most 60 lines': '4 (100 %)',
      'imported by one file alone': '3',
      'these of at most 60 lines': '3',
      exports: '11',
      'exports without a user': '5',
      'exports that only tests use': '1',
    });
  });

  test('need a checkout that the compiler can open', () => {
    expect(() => readStructure(join(root, 'src'))).toThrow();
  });
});

test('walks are the files that a page names under each heading, each once', () => {
  const page = [
    '# Architecture',
    'It begins in `src/cli.ts`.',
    '## Five walks',
    'As a reader takes them.',
    '### From a source to the report',
    '`src/a.ts` calls `src/b/b.ts`, which calls back to `src/a.ts`; `src/b` is a folder.',
    '### A prompt',
    '1. `src/c.css`',
    '## Rooms',
    '### A room',
    '`src/d.ts`',
  ].join('\n');
  expect(readWalks(page)).toEqual([
    { name: 'From a source to the report', files: ['src/a.ts', 'src/b/b.ts'] },
    { name: 'A prompt', files: ['src/c.css'] },
  ]);
});
