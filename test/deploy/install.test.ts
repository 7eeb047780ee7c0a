import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { runtimeVersion, thisSystem } from '../../src/model/engine/onnxruntime/runtime-files.js';
import { packSystem } from '../../tools/platform-packages.js';
import { temporaryFolder } from '../cli/run-cli.js';

const project = temporaryFolder();
const installed = join(project, 'node_modules/titlesmith');
/** What npx runs. */
const program = join(project, 'node_modules/.bin/titlesmith');
/** Nothing of the checkout, a home without settings, and no runtime that is fetched. */
const env = {
  PATH: process.env['PATH'],
  HOME: join(project, 'home'),
  TITLESMITH_CACHE: join(project, 'cache'),
  npm_config_cache: npmCache(),
  npm_config_offline: 'true',
  NO_COLOR: '1',
};

function npmCache(): string {
  return execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
}

function run(
  program: string,
  ...words: readonly string[]
): { status: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: project, env, encoding: 'utf8' });
  return { status, output: stdout, errors: stderr };
}

/** Installs as a person would, from npm's cache where that has it. @returns what went wrong. */
function install(...archives: readonly string[]): string | undefined {
  const words = [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--foreground-scripts',
    ...archives,
  ];
  const online = { ...env, npm_config_offline: undefined };
  const { status, stderr } = spawnSync('npm', words, { cwd: project, env: online, encoding: 'utf8' });
  return status === 0 ? undefined : stderr;
}

let fault: string | undefined;
beforeAll(async () => {
  mkdirSync(env.HOME);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  );
  // With a cache of its own: npm fails where it cannot write to that of the home folder.
  const ofOurs = join(project, 'pack-cache');
  const words = ['pack', '--ignore-scripts', '--silent', '--cache', ofOurs, '--pack-destination', project];
  const archive = execFileSync('npm', words, { cwd: packageRoot, encoding: 'utf8', stdio: 'pipe' }).trim();
  fault = install(join(project, archive));
  if (fault !== undefined)
    console.log(`Skipped: installing the package, as npm cannot: ${fault.slice(0, 300)}`);
});

interface Manifest {
  readonly version: string;
  readonly scripts?: Record<string, string>;
}

/** Where a page can be linked to: its headings, as GitHub names them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase());
  return new Set(
    headings.map((heading) => `#${heading.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')}`),
  );
}

const readManifest = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest;

/** The package.json of every package that is installed. */
function manifests(folder = join(project, 'node_modules')): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name.startsWith('@')) return manifests(path);
    if (name.startsWith('.')) return [];
    const own = existsSync(join(path, 'package.json')) ? [join(path, 'package.json')] : [];
    const inner = join(path, 'node_modules');
    return [...own, ...(existsSync(inner) ? manifests(inner) : [])];
  });
}

describe('the package in an empty project', () => {
  test('has no script that runs when it is installed, in any package', ({ skip }) => {
    skip(fault !== undefined);
    const all = manifests();
    expect(all.length).toBeGreaterThan(20);
    const scripts = ['preinstall', 'install', 'postinstall', 'prepare'];
    const own = all.filter((path) => {
      // What a package prepares is run by npm for those that come from git alone.
      const ran = path === join(installed, 'package.json') ? scripts : scripts.slice(0, 3);
      return ran.some((name) => readManifest(path).scripts?.[name] !== undefined);
    });
    expect(own).toEqual([]);
    expect(all.filter((path) => /(onnxruntime|duckdb|google-cloud|gpt-tokenizer)/.test(path))).toEqual([]);
  });

  test('has all pages, and what these and README link to', ({ skip }) => {
    skip(fault !== undefined);
    const pages = readdirSync(join(packageRoot, 'docs')).map((name) => join('docs', name));
    for (const page of ['README.md', ...pages.filter((name) => name.endsWith('.md'))]) {
      const text = readFileSync(join(installed, page), 'utf8');
      const links = [...text.matchAll(/\]\(([\w./-]+\.(?:md|json))(?:#[\w-]*)?\)/g)].map(([, link]) => link!);
      const missing = links.filter((link) => !existsSync(join(installed, dirname(page), link)));
      expect(missing, page).toEqual([]);
    }
  });

  test('has the pages that its messages and help name, with the headings', ({ skip }) => {
    skip(fault !== undefined);
    const sources = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' });
    const named = sources
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [
        ...readFileSync(join(installed, 'dist', name), 'utf8').matchAll(
          /docs\/([\w-]+\.(?:md|json))(#[\w-]+)?/g,
        ),
      ]);
    expect(named.length).toBeGreaterThan(10);
    const missing = named.filter(([, page = '', anchor]) => {
      const path = join(installed, 'docs', page);
      return (
        !existsSync(path) || (anchor !== undefined && !anchorsOf(readFileSync(path, 'utf8')).has(anchor))
      );
    });
    expect(missing.map(([text]) => text)).toEqual([]);
  });

  test('runs, by npx', ({ skip }) => {
    skip(fault !== undefined);
    const { version } = readManifest(join(packageRoot, 'package.json'));
    expect(run('npx', 'titlesmith', '--version')).toMatchObject({ status: 0, output: `${version}\n` });
    const help = run('npx', 'titlesmith', '--help');
    expect(help).toMatchObject({ status: 0, errors: '' });
    expect(help.output).toMatch(/^ +titlesmith pipeline/m);
  });

  test('is imported, with types that a strict compiler takes', ({ skip }) => {
    skip(fault !== undefined);
    writeFileSync(
      join(project, 'a.ts'),
      `import { compareTexts, gpt2Tokenizer, TitlesmithError, type Tokenizer } from 'titlesmith';
const tokenizer: Tokenizer = gpt2Tokenizer();
const ids: readonly number[] = tokenizer.encode('Hello world');
console.log(ids.join(' '), typeof compareTexts, new TitlesmithError('a', { code: 'b' }).toLine());
// @ts-expect-error: a text is no list of ids.
tokenizer.decode('text');
`,
    );
    const options = [
      '--strict',
      '--module',
      'NodeNext',
      '--target',
      'ES2022',
      '--lib',
      'ES2023',
      '--noEmitOnError',
    ];
    const types = [
      '--skipLibCheck',
      '--typeRoots',
      join(packageRoot, 'node_modules/@types'),
      '--types',
      'node',
    ];
    const compiler = join(packageRoot, 'node_modules/typescript/bin/tsc');
    const compiled = run(process.execPath, compiler, ...options, ...types, 'a.ts');
    expect(compiled).toMatchObject({ status: 0, output: '' });
    writeFileSync(
      join(project, 'b.mjs'),
      readFileSync(join(project, 'a.js'), 'utf8').replace(/^tokenizer\.decode.*$/m, ''),
    );
    expect(run(process.execPath, 'b.mjs')).toMatchObject({ status: 0, output: '15496 995 function a\n' });
  });

  test('says what is missing in one line, before anything is touched', ({ skip }) => {
    skip(fault !== undefined);
    writeFileSync(join(project, 'posts.csv'), 'title,subreddit,score\nA title of a post,aww,3\n');
    writeFileSync(
      join(project, 'batch.yaml'),
      'runs-dir: batch\noptions:\n  source: sample\n  model: nano\nsubreddits: [askreddit, showerthoughts]\n',
    );
    const noRuntime = `ONNX Runtime ${runtimeVersion} for ${thisSystem.platform} ${thisSystem.architecture} is not installed, and npm is told`;
    const dump = ['pipeline', '--source', 'duckdb', '--subreddit', 'aww', '--input', 'posts.csv'];
    const cases = [
      [dump, 'needs @duckdb/node-api, which is not installed. Run npm install @duckdb/node-api@'],
      [
        ['pipeline', '--source', 'bigquery', '--subreddit', 'aww'],
        'needs @google-cloud/bigquery, which is not installed. Run npm install @google-cloud/bigquery@',
      ],
      [
        ['import', 'gs://bucket/a.tar.gz'],
        'needs @google-cloud/storage, which is not installed. Run npm install ',
      ],
      [['pipeline', '--subreddit', 'askreddit', '--source', 'sample'], noRuntime],
      // For all its runs, before the first of them begins.
      [['batch', 'batch.yaml'], noRuntime],
    ] as const;
    for (const [words, message] of cases) {
      const { status, errors } = run(program, ...words);
      expect(status).toBe(1);
      expect(errors.trim().split('\n')).toHaveLength(1);
      expect(errors).toContain(message);
    }
    expect(existsSync(join(project, 'runs'))).toBe(false);
    expect(readdirSync(join(project, 'batch'))).toEqual(['.batch']);
    expect(existsSync(env.TITLESMITH_CACHE)).toBe(false);
  });

  test('generates with the library of the package of this system', async ({ skip }) => {
    skip(fault !== undefined);
    const fastest = 1;
    expect(install(await packSystem(thisSystem, project, fastest))).toBeUndefined();
    const words = ['generate', 'base', '--nsamples', '2', '--length', '8', '--seed', '7'];
    const { status, output, errors } = run(program, ...words);
    expect({ status, errors }).toMatchObject({ status: 0 });
    expect(
      output
        .trim()
        .split(/\n=+\n?/)
        .filter(Boolean),
    ).toHaveLength(2);
    const own = `@titlesmith/onnxruntime-${thisSystem.platform}-${thisSystem.architecture}`;
    expect(errors).toContain(`ONNX Runtime ${runtimeVersion} of ${own}`);
  });
});
