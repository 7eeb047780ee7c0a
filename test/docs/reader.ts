import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../src/io/package-root.js';
import { writeDumps } from '../cli/batch-fixture.js';
import { madeUpTitles, toCsv } from '../cli/titles.js';
import { duckdb } from '../data/sources/duckdb-oracle.js';

/** What a command has done. */
export interface Done {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Folders that a clone has, and what `npm ci` and the build add to it. */
const parts = ['src', 'bench', 'tools', 'test', 'docs', 'deploy', 'data', 'queries', 'dist'];

/** Only PATH and HOME are taken over: no credentials, no settings of npm or of the test runner. */
const environment = (folder: string): NodeJS.ProcessEnv => ({
  PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  HOME: join(folder, 'home'),
  NO_COLOR: '1',
  METADATA_SERVER_DETECTION: 'none',
  npm_config_update_notifier: 'false',
});

/**
 * Runs a line as a person does who types it into a shell. A server is asked for its page once it has said the address; then
 * Ctrl-C ends it.
 */
export async function type(
  line: string,
  folder: string,
  extra: NodeJS.ProcessEnv,
  serves: boolean,
): Promise<Done> {
  const child = spawn('bash', ['-c', line], {
    cwd: folder,
    env: { ...environment(folder), ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, as a shell gives it: Ctrl-C reaches all of it.
    detached: true,
  });
  let [output, errors] = ['', ''];
  let asked: Promise<void> | undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    const address = serves ? /http:\/\/\S+(?=\s)/.exec(output)?.[0] : undefined;
    if (address !== undefined) asked ??= ask(address).finally(() => process.kill(-child.pid!, 'SIGINT'));
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  await asked;
  return { code, output, errors };
}

async function ask(address: string): Promise<void> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  await answer.arrayBuffer();
}

/** Whether a path is of the clone itself: the tests of interoperability may have packages of their own. */
const isOfTheClone = (path: string): boolean => basename(path) !== 'node_modules';

/**
 * A clone after `npm ci`, built, with what the pages suppose a reader to have: titles, dumps of four months, a batch file. In its
 * package.json scripts no longer build first: it is built once, here, by the same commands.
 */
export async function makeClone(folder: string, batchFile: string): Promise<void> {
  for (const part of [
    ...parts,
    ...readdirSync(packageRoot).filter((name) => /^(README|LICENSE|.*\.json|.*\.ts)/.test(name)),
  ])
    cpSync(join(packageRoot, part), join(folder, part), { recursive: true, filter: isOfTheClone });
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  for (const project of ['build', 'scripts']) {
    const { status, stdout } = spawnSync('npx', ['tsc', '-p', `tsconfig.${project}.json`], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The build failed: ${stdout}`);
  }
  const file = join(folder, 'package.json');
  const built = readFileSync(file, 'utf8')
    .replaceAll('": "tsc -p tsconfig.scripts.json && ', '": "')
    .replaceAll('": "node tools/start.mjs ', '": "node dist/cli.js ');
  writeFileSync(file, built);

  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(150)));
  writeFileSync(join(folder, 'batch.yaml'), batchFile);
  const months = { '2019-01': 40, '2019-02': 40, '2019-03': 40, '2019-04': 40 };
  const dumps = join(folder, 'dumps');
  writeDumps(dumps, months, ['askreddit', 'showerthoughts', 'todayilearned']);
  for (const month of Object.keys(months)) {
    const plain = join(dumps, `RS_${month}.ndjson`);
    const packed = `TO '${join(dumps, `RS_${month}.zst`)}' (FORMAT json, COMPRESSION zstd)`;
    await duckdb(`COPY (SELECT * FROM read_json('${plain}', format = 'newline_delimited')) ${packed}`);
  }
  mkdirSync(join(folder, 'bin'));
  // A mail program that keeps what it is given.
  writeFileSync(join(folder, 'bin/mail'), '#!/bin/sh\ncat > mail.txt\n');
  chmodSync(join(folder, 'bin/mail'), 0o755);
  mkdirSync(join(folder, 'home'));
}

/** A second folder of the same clone: what it was given is shared, what commands leave is its own. */
export function copyClone(clone: string, folder: string): void {
  mkdirSync(folder);
  const own = new Set(['runs', 'titles.csv', 'batch.yaml', 'home']);
  for (const name of readdirSync(clone)) {
    if (own.has(name)) cpSync(join(clone, name), join(folder, name), { recursive: true });
    else symlinkSync(join(clone, name), join(folder, name));
  }
}
