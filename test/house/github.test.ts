import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/io/package-root.js';
import { findProgram } from '../programs.js';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;

const actionlint = findProgram('actionlint', 'ACTIONLINT');
if (actionlint === undefined) console.log('Skipped: .github/workflows by actionlint, which is not here.');

test.skipIf(actionlint === undefined)('actionlint finds nothing in the workflows', () => {
  const folder = join(packageRoot, '.github/workflows');
  const { status, stdout, stderr } = spawnSync(actionlint!, readdirSync(folder), {
    encoding: 'utf8',
    cwd: folder,
  });
  expect({ status, said: `${stdout}${stderr}`.trim() }).toMatchObject({ status: 0 });
});

test('the workflow tries the three systems, and the oldest Node that package.json allows', () => {
  const { jobs } = parse(read('.github/workflows/test.yml'));
  const { os, node } = jobs.test.strategy.matrix;
  expect(os).toEqual(['ubuntu-latest', 'windows-latest', 'macos-latest']);
  const [, oldest] = /(\d+)/.exec(JSON.parse(read('package.json')).engines.node) ?? [];
  expect(node).toContain(Number(oldest));
});

/** https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
test.each(['bug.yml', 'idea.yml'])('%s is a form as GitHub takes it', (name) => {
  const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`));
  expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
  const ids = form.body.map(({ id }: { id: string }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { type, id, attributes } of form.body) {
    expect(['textarea', 'input', 'dropdown', 'checkboxes', 'markdown']).toContain(type);
    expect(id).toMatch(/^[a-z-]+$/);
    expect(attributes.label).toMatch(/\S/);
  }
});

test('CONTRIBUTING names scripts, pages and files that there are', () => {
  const text = read('CONTRIBUTING.md');
  for (const [, script = ''] of text.matchAll(/npm run (?:-s )?([\w:]+)/g))
    expect(scripts).toHaveProperty(script);
  for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
    expect(existsSync(join(packageRoot, target)), target).toBe(true);
  for (const [, path = ''] of text.matchAll(/`((?:\.ci|test|bench|src|docs)\/?[\w/.-]*)`/g))
    expect(existsSync(join(packageRoot, path)), path).toBe(true);
});
