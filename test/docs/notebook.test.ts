import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/common/package-root.js';
import { temporaryFolder } from '../cli/run-cli.js';

interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: readonly string[];
    readonly outputs?: readonly {
      readonly text?: readonly string[];
      readonly data?: Record<string, unknown>;
    }[];
  }[];
}

const folder = join(packageRoot, 'notebooks');
const names = readdirSync(folder);
const read = (path: string): Notebook => JSON.parse(readFileSync(path, 'utf8')) as Notebook;
const jupyter = process.env['TITLESMITH_JUPYTER'];
if (jupyter === undefined) {
  console.log(
    'Skipped: the notebook, executed. Set TITLESMITH_JUPYTER to jupyter with nbconvert and ipykernel.',
  );
}

describe.each(names)('notebooks/%s', (name) => {
  test('is kept without outputs', () => {
    const { cells } = read(join(folder, name));
    const code = cells.filter(({ cell_type }) => cell_type === 'code');
    expect(code.length).toBeGreaterThan(3);
    for (const { outputs } of code) expect(outputs).toEqual([]);
  });

  test.skipIf(jupyter === undefined)('runs from end to end on the sample', () => {
    const own = temporaryFolder();
    mkdirSync(join(own, 'notebooks'));
    cpSync(join(folder, name), join(own, 'notebooks', name));
    cpSync(join(packageRoot, 'package.json'), join(own, 'package.json'));
    for (const part of [
      'dist',
      'queries',
      'data',
      'src',
      'node_modules',
      'tsconfig.json',
      'tsconfig.build.json',
    ]) {
      spawnSync('ln', ['-s', join(packageRoot, part), join(own, part)]);
    }
    const arguments_ = ['nbconvert', '--to', 'notebook', '--execute', '--output', 'executed.ipynb', name];
    const { status, stderr } = spawnSync(jupyter!, arguments_, {
      cwd: join(own, 'notebooks'),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const { cells } = read(join(own, 'notebooks/executed.ipynb'));
    const said = cells.flatMap(({ outputs = [] }) => outputs.flatMap(({ text = [] }) => text)).join('');
    expect(said).toContain('report     runs/askreddit/report.html');
    expect(said).toMatch(/\d+ titles, for example:/);
    expect(said).toContain('exported/askreddit.tar.gz: askreddit');
    expect(JSON.stringify(cells)).toContain('titlesmith overfit report');
  });
});
