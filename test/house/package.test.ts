import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/parsing/command-line.js';
import { packageVersion } from '../../src/common/package-facts.js';
import { packageRoot } from '../../src/io/package-root.js';
import { sourceFiles } from '../../tools/structure/imports.js';

/** Paths of what `npm pack` would send, from the folder as it was built. */
function packedFiles(): string[] {
  // With a cache of its own, as npm fails where it cannot write in the home folder.
  const cache = mkdtempSync(join(tmpdir(), 'titlesmith-npm-'));
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--cache', cache];
  const output = execFileSync('npm', words, { cwd: packageRoot, encoding: 'utf8', stdio: 'pipe' });
  rmSync(cache, { recursive: true });
  const [{ files }] = JSON.parse(output) as [{ files: readonly { readonly path: string }[] }];
  return files.map(({ path }) => path);
}

test('the package holds all that src is built into, the bundles of the pages, and what is read beside it', () => {
  const packed = new Set(packedFiles());
  // The site is built from src/site for hosts of plain files, and is no part of the package.
  const isClientCode = (file: string): boolean => /^src\/(?:\w+\/client|site)\//.test(file);
  const modules = sourceFiles(packageRoot, 'src')
    .filter((file) => !isClientCode(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'));
  const bundles = [
    'report.css',
    'report.js',
    'batch.css',
    'comparison.css',
    'review.css',
    'review.js',
    'serve.css',
    'serve.js',
  ];
  const wanted = [
    ...modules,
    ...bundles.map((name) => `dist/client/${name}`),
    'queries/top-titles.bigquery.sql',
    'data/sample-posts.ndjson.gz',
  ];
  expect(wanted.filter((file) => !packed.has(file))).toEqual([]);
  expect([...packed].filter((file) => /^(src|test|bench|tools)\//.test(file))).toEqual([]);
});

test('both entries are required by CommonJS, too, without a word', () => {
  const code = ['index', 'browser'].map(
    (entry) => `require(${JSON.stringify(join(packageRoot, 'dist', `${entry}.js`))})`,
  );
  const asked = `const [index, browser] = [${code.join(', ')}]; console.log(typeof index.generate, typeof browser.trainOnTitles)`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=commonjs', '--eval', asked], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('function function\n');
  expect(stderr.replaceAll(/.*(ExperimentalWarning: CommonJS|--trace-warnings).*\n/g, '')).toBe('');
});

test('the version is stated once in src, and the same wherever a file beside it states it', () => {
  const read = (file: string): string => readFileSync(join(packageRoot, file), 'utf8');
  const versionOf = (file: string): string => (JSON.parse(read(file)) as { version: string }).version;
  expect([versionOf('package.json'), versionOf('package-lock.json')]).toEqual([
    packageVersion,
    packageVersion,
  ]);
  expect(
    sourceFiles(packageRoot, 'src').filter((file) => read(file).includes(`'${packageVersion}'`)),
  ).toEqual(['src/common/package-facts.ts']);
  expect(parseCommandLine(['--version'])).toMatchObject({ text: packageVersion });
  expect(read('CHANGELOG.md')).toContain(`\n## ${packageVersion} - `);
  for (const file of ['README.md', 'docs/install.md', 'notebooks/titlesmith-colab.ipynb']) {
    const archives = [...read(file).matchAll(/titlesmith-(\d[\w.-]*)\.tgz/g)].map(([, version]) => version);
    expect([...new Set(archives)], file).toEqual([packageVersion]);
  }
});
