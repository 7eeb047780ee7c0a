import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/io/package-root.js';

/** One way to answer the question, as a command line. */
interface Contender {
  readonly name: string;
  readonly command: readonly string[];
}

interface Measured {
  readonly seconds: number;
  /** Of all processes. */
  readonly cpuSeconds: number;
  /** Of the largest process, in megabytes. */
  readonly peakMegabytes: number;
}

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-bench-'));

/** Runs a command under GNU time, which knows the largest process below it. */
function measure(command: readonly string[]): Measured {
  const figures = join(folder, 'time.txt');
  const started = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M %U %S', '-o', figures, ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr.slice(0, 500)}`);
  const [kilobytes = 0, user = 0, system = 0] = readFileSync(figures, 'utf8').trim().split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, peakMegabytes: kilobytes / 1000 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function contenders(
  file: string,
  subreddit: string,
  cli: string,
  python: string,
  skip: readonly string[],
): Contender[] {
  const peers = join(packageRoot, 'bench/peers');
  const pipeline = [process.execPath, cli, 'pipeline', '--source', 'duckdb', '--input', file];
  const all: Contender[] = [
    { name: 'zstd -dc alone', command: ['bash', '-c', 'zstd -dcq --long=31 "$0" > /dev/null', file] },
    {
      name: 'titlesmith, to titles.csv',
      command: [
        ...pipeline,
        '--subreddit',
        subreddit,
        '--until',
        'extract',
        '--overwrite',
        '--runs-dir',
        folder,
      ],
    },
    { name: 'polars', command: [python, join(peers, 'polars_top.py'), file, subreddit] },
    { name: 'pandas', command: [python, join(peers, 'pandas_top.py'), file, subreddit] },
    { name: 'Python, orjson', command: [python, join(peers, 'orjson_top.py'), file, subreddit] },
    { name: 'zstd | jq | sort', command: [join(peers, 'jq_top.sh'), file, subreddit] },
  ];
  return all.filter(({ name }) => !skip.some((word) => name.includes(word)));
}

/**
 * Asks one dump for the best titles of one subreddit, by titlesmith and by its peers, in turns:
 * `npm run bench -- data/read-dump FILE.zst --posts 1000000 [--rounds 3] [--python python3] [--skip jq]`.
 */
function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      posts: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      subreddit: { type: 'string', default: 'askreddit' },
      python: { type: 'string', default: 'python3' },
      cli: { type: 'string', default: join(packageRoot, 'dist/cli.js') },
      skip: { type: 'string', multiple: true, default: [] },
    },
  });
  const [file] = positionals;
  if (file === undefined || !existsSync(file)) throw new Error('Name a dump.');
  const ways = contenders(file, values.subreddit, values.cli, values.python, values.skip);
  const results = new Map<string, Measured[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const { name, command } of ways) results.get(name)?.push(measure(command));
  }
  const posts = Number(values.posts);
  console.log(
    `${posts} posts, ${(statSync(file).size / 1e9).toFixed(2)} GB packed; ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model}\n`,
  );
  console.log('| way | seconds, median (all) | CPU seconds | posts/s | × zstd alone | peak MB |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const alone = median((results.get('zstd -dc alone') ?? []).map(({ seconds }) => seconds));
  for (const [name, runs] of results) {
    const seconds = median(runs.map((run) => run.seconds));
    const every = runs.map((run) => run.seconds.toFixed(2)).join(', ');
    const cpu = median(runs.map((run) => run.cpuSeconds)).toFixed(1);
    const peak = Math.max(...runs.map((run) => run.peakMegabytes));
    console.log(
      `| ${name} | ${seconds.toFixed(2)} (${every}) | ${cpu} | ${Math.round(posts / seconds)} | ${(seconds / alone).toFixed(2)} | ${Math.round(peak)} |`,
    );
  }
  rmSync(folder, { recursive: true });
}

main();
