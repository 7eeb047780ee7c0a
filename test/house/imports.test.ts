import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import {
  type Import,
  importsOf,
  readImports,
  sourceFiles,
  withoutComments,
} from '../../tools/structure/imports.js';
import { directionFault, findCircles, findSecondDoors, globalsOfNode, portabilityFault } from './rules.js';

const imports = readImports(packageRoot);

function inner(file: string, target: string): Import {
  return { file, target, outside: false };
}

describe('imports of src', () => {
  test('are found at all', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(imports).toContainEqual(inner('src/cli/commands/pipeline.ts', 'src/pipeline/pipeline.ts'));
    expect(imports).toContainEqual(inner('src/model/engine/devices.ts', 'src/model/engine/device-trial.ts'));
    expect(imports).toContainEqual({
      file: 'src/cli/parsing/command-line.ts',
      target: 'yargs',
      outside: true,
    });
  });

  test('run downwards only', () => {
    expect(imports.map(directionFault).filter((fault) => fault !== undefined)).toEqual([]);
  });

  test('keep what a browser runs from what it lacks', () => {
    expect(imports.map(portabilityFault).filter((fault) => fault !== undefined)).toEqual([]);
    const named = sourceFiles(packageRoot, 'src').flatMap((file) =>
      globalsOfNode(file, withoutComments(readFileSync(join(packageRoot, file), 'utf8'))),
    );
    expect(named).toEqual([]);
  });

  test('form no circle', () => {
    expect(findCircles(imports)).toEqual([]);
  });

  test('give each outside package one door', () => {
    expect(findSecondDoors(imports)).toEqual([]);
  });
});

describe('the rules', () => {
  test('find imports of every form, and none in comments', () => {
    const source = [
      "import { a } from './a.js';",
      "import type {\n  B,\n} from '../b/b.js';",
      "export * from '@scope/name/part';",
      "import './c.js';",
      "const d = await import('./d.js');",
      "// import { e } from './e.js';",
      "/** import { f } from './f.js'; */",
      "import { readFile } from 'node:fs/promises';",
      "const url = 'https://example.org/from'; import('g');",
    ].join('\n');
    const targets = importsOf('/root', 'src/x/y.ts', source).map(({ target }) => target);
    expect(targets).toEqual([
      'src/x/a.ts',
      'src/b/b.ts',
      '@scope/name',
      'src/x/c.ts',
      'src/x/d.ts',
      'node:fs/promises',
      'g',
    ]);
  });

  test.each([
    ['src/common/a.ts', 'src/model/graph/b.ts', 'upwards'],
    ['src/dedupe/a.ts', 'src/report/b.ts', 'sideways'],
    ['src/pipeline/a.ts', 'src/cli.ts', 'upwards'],
    ['src/pipeline/a.ts', 'src/batch/b.ts', 'upwards'],
    ['src/io/a.ts', 'src/web/b.ts', 'sideways'],
    ['src/model/graph/a.ts', 'src/model/transformer/b.ts', 'inside src/model'],
    ['src/model/training/a.ts', 'src/model/generation/b.ts', 'sideways inside src/model'],
    ['src/pipeline/run/a.ts', 'src/pipeline/b.ts', 'upwards inside src/pipeline'],
    ['src/common/a.ts', 'test/b.ts', 'no room'],
    ['src/review/a.ts', 'src/review/client/b.ts', 'code of pages'],
  ])('refuse %s → %s', (file, target, reason) => {
    expect(directionFault(inner(file, target))).toContain(reason);
  });

  test('find what a browser lacks', () => {
    const system = { file: 'src/dedupe/a.ts', target: 'node:fs', outside: true };
    expect(portabilityFault(system)).toContain('browser');
    expect(portabilityFault(inner('src/report/a.ts', 'src/io/atomic-file.ts'))).toContain('browser');
    expect(portabilityFault(inner('src/report/a.ts', 'src/web/b.ts'))).toBeUndefined();
    expect(portabilityFault(inner('src/report/a.ts', 'src/web/server/b.ts'))).toContain('browser');
    expect(portabilityFault(inner('src/review/client/a.ts', 'src/review/server.ts'))).toContain('browser');
    expect(portabilityFault({ ...system, file: 'src/io/a.ts' })).toBeUndefined();
  });

  test('find globals that a browser lacks', () => {
    const code =
      "const a = Buffer.from([1]);\nif (typeof Buffer === 'function') b(process.env);\nc.process(1);";
    expect(globalsOfNode('src/dedupe/a.ts', code)).toEqual([
      'src/dedupe/a.ts names Buffer',
      'src/dedupe/a.ts names process',
    ]);
    expect(globalsOfNode('src/io/a.ts', code)).toEqual([]);
  });

  test('find a circle', () => {
    const circle = [inner('a', 'b'), inner('b', 'c'), inner('c', 'b')];
    expect(findCircles(circle)).toEqual([['b', 'c', 'b']]);
  });

  test('find a second door', () => {
    const outside = (file: string): Import => ({ file, target: 'commander', outside: true });
    expect(findSecondDoors([outside('src/cli.ts'), outside('src/pipeline/a.ts')])).toHaveLength(1);
    expect(
      findSecondDoors([outside('src/model/engine/onnx/a.ts'), outside('src/model/engine/onnx/b.ts')]),
    ).toEqual([]);
  });
});
