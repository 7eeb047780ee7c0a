import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/io/package-root.js';

/**
 * What installing the package takes by each package manager: seconds with an empty cache (and no lock file) and with a full one, and
 * megabytes in the project. Each is then asked for titlesmith's version.
 *
 *     npm run build && npm run -s bench -- install/managers [--rounds 3] [--only yarn]
 *
 * The managers come from npm's registry, as they are pinned here; the median of the rounds counts.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string' } },
});
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-install-'));
const tools = join(folder, 'tools');

interface Manager {
  readonly name: string;
  /** What is fetched from the registry to have it; undefined of npm. */
  readonly source?: string;
  readonly program: readonly string[];
  readonly settings?: string;
  readonly add: (archive: string) => readonly string[];
  /** Puts its cache into a folder. */
  readonly environment: (cache: string) => NodeJS.ProcessEnv;
  /** Runs an installed program. */
  readonly run: readonly string[];
}

const script = (path: string): string[] => [process.execPath, join(tools, 'node_modules', path)];
const installed = [join('node_modules', '.bin', 'titlesmith')];
const yarn4 = script('@yarnpkg/cli-dist/bin/yarn.js');
const ofYarn4 = {
  source: '@yarnpkg/cli-dist@4.18.1',
  program: yarn4,
  add: (archive: string) => ['add', `titlesmith@file:${archive}`],
  environment: (cache: string) => ({ YARN_GLOBAL_FOLDER: cache, YARN_ENABLE_TELEMETRY: '0' }),
  run: [...yarn4, 'titlesmith'],
};

const managers: readonly Manager[] = [
  {
    name: 'npm',
    program: ['npm'],
    add: (archive) => ['install', '--no-audit', '--no-fund', archive],
    environment: (cache) => ({ npm_config_cache: cache }),
    run: installed,
  },
  {
    name: 'pnpm',
    source: 'pnpm@12.4.2',
    program: [join(tools, 'node_modules/.bin/pnpm')],
    add: (archive) => ['add', archive],
    environment: (cache) => ({ XDG_DATA_HOME: cache, XDG_CACHE_HOME: join(cache, 'metadata') }),
    run: installed,
  },
  {
    name: 'yarn 1',
    source: 'yarn@1.22.22',
    program: script('yarn/bin/yarn.js'),
    add: (archive) => ['add', '--ignore-engines', archive],
    environment: (cache) => ({ YARN_CACHE_FOLDER: cache }),
    run: installed,
  },
  { name: 'yarn 4, node_modules', settings: 'nodeLinker: node-modules\n', ...ofYarn4 },
  { name: "yarn 4, Plug'n'Play", settings: 'nodeLinker: pnp\n', ...ofYarn4 },
  {
    name: 'bun',
    source: '@oven/bun-linux-x64@1.4.4',
    program: [join(tools, 'node_modules/@oven/bun-linux-x64/bin/bun')],
    add: (archive) => ['add', archive],
    environment: (cache) => ({ BUN_INSTALL_CACHE_DIR: cache }),
    run: installed,
  },
];

/** Runs a program. @throws Error with what it said where it fails. */
function run(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): string {
  const [program, ...rest] = words;
  const { status, stdout, stderr, error } = spawnSync(program!, rest, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${error ?? `${stdout}\n${stderr}`}`);
  return stdout;
}

interface Installation {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Installs into a new project. */
function install(manager: Manager, archive: string, cache: string): Installation {
  const project = mkdtempSync(join(folder, 'project-'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  if (manager.settings !== undefined) {
    writeFileSync(join(project, '.yarnrc.yml'), manager.settings);
    // Yarn 4 would else take the project to be a part of one above.
    writeFileSync(join(project, 'yarn.lock'), '');
  }
  const env = { ...process.env, ...manager.environment(cache) };
  const started = performance.now();
  run([...manager.program, ...manager.add(archive)], project, env);
  const seconds = (performance.now() - started) / 1000;
  if (!/^\d+\.\d+\.\d+\n$/.test(run([...manager.run, '--version'], project, env)))
    throw new Error(`${manager.name} installed no titlesmith that runs`);
  const megabytes = Number(/^\d+/.exec(run(['du', '-sm', project], folder, env))![0]);
  rmSync(project, { recursive: true });
  return { seconds, megabytes };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

try {
  mkdirSync(tools);
  const chosen = managers.filter(({ name }) => values.only === undefined || name.startsWith(values.only));
  writeFileSync(join(tools, 'package.json'), '{"private":true}');
  for (const source of new Set(chosen.flatMap((manager) => manager.source ?? [])))
    execFileSync('npm', ['install', '--silent', source], { cwd: tools });
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: packageRoot,
  });
  const archive = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
  process.stdout.write('| by | s, empty cache | s, full cache | MB |\n| --- | --- | --- | --- |\n');
  for (const manager of chosen) {
    const rounds = Array.from({ length: Number(values.rounds) }, () => {
      const cache = mkdtempSync(join(folder, 'cache-'));
      const pair = [install(manager, archive, cache), install(manager, archive, cache)] as const;
      rmSync(cache, { recursive: true });
      return pair;
    });
    const seconds = [0, 1].map((index) => median(rounds.map((pair) => pair[index]!.seconds)).toFixed(1));
    process.stdout.write(`| ${manager.name} | ${seconds.join(' | ')} | ${rounds[0]![0].megabytes} |\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
