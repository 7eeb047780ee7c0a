import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { sourceFiles, withoutComments } from '../../tools/structure/imports.js';
import { expectPromised } from './recorded.js';

const contentOf = (file: string): string => readFileSync(join(packageRoot, file), 'utf8');

/** Read, but no means for people: of systems and shells, of npm, of Google's own libraries. */
const ofOthers = [
  'APPDATA',
  'HOME',
  'INIT_CWD',
  'METADATA_SERVER_DETECTION',
  'SHELL',
  'npm_config_userconfig',
  'npm_package_json',
];

/** The names that src reads from the environment, by the forms in which it does. */
function* variablesOf(code: string): Generator<string> {
  for (const [, name = ''] of code.matchAll(/(?:process\.env|\benvironment)\['(\w+)'\]/g)) yield name;
  for (const [, name = ''] of code.matchAll(/\b(?:folder|isSet)\('([A-Z_]+)'\)/g)) yield name;
  for (const [, name = ''] of code.matchAll(/\bread\(environment, '(\w+)'/g)) yield name;
  for (const [, name = ''] of code.matchAll(/\bvariable\(environment, '(\w+)'\)/g))
    yield `npm_config_${name}`;
  for (const [, names = ''] of code.matchAll(/const \{([^}]*)\} = environment;/g))
    for (const part of names.split(',')) yield part.split(':')[0]!.trim();
  for (const [, names = ''] of code.matchAll(/const signs = \[([^\]]*)\]/g))
    for (const [, name = ''] of names.matchAll(/'(\w+)'/g)) yield name;
}

const found = sourceFiles(packageRoot, 'src').flatMap((file) => [
  ...variablesOf(withoutComments(contentOf(file))),
]);
const read = [...new Set(found)].filter((name) => !ofOthers.includes(name)).sort();

test('the variables that docs/stability.md names are those that the code reads', () => {
  const [, section = ''] =
    /^### Environment variables\n([\s\S]*?)\n## /m.exec(contentOf('docs/stability.md')) ?? [];
  const rows = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
  const named = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual(read);
  expectPromised('environment', read);
});

test("a page names no variable of titlesmith's that nothing reads", () => {
  const pages = readdirSync(join(packageRoot, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  const text = [...pages, 'README.md', 'CONTRIBUTING.md'].map(contentOf).join('\n');
  const named = new Set([...text.matchAll(/\bTITLESMITH_\w+/g)].map(([name]) => name));
  const code = ['src', 'test', 'bench']
    .flatMap((folder) => sourceFiles(packageRoot, folder))
    .map(contentOf)
    .join('\n');
  expect(named.size).toBeGreaterThan(5);
  expect([...named].filter((name) => !code.includes(name))).toEqual([]);
});
