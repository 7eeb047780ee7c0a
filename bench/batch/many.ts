import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/io/package-root.js';

/**
 * A batch of many subreddits: how long until its first run starts, and how long a signal takes to end it, at moments
 * from its first output on and during its first run. With --dump all titles are in one dump, which one pass reads for
 * all runs; else in a file of titles that each run reads.
 *
 *     npm run build && npm run bench -- batch/many --runs 10000 [--dump] [--signal SIGINT]
 *
 * It fails if a first run starts after more than 10 s, or a batch ends more than 5 s after the signal.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    dump: { type: 'boolean', default: false },
    signal: { type: 'string', default: 'SIGTERM' },
  },
});
const count = Number(values.runs);
const [longestStart, longestStop] = [10, 5];
const folder = mkdtempSync(join(tmpdir(), 'titlesmith-many-'));
const names = Array.from({ length: count }, (_, index) => `sub${String(index).padStart(6, '0')}`);
const title = (index: number): string => `Title number ${index} about ${names[index % count]}`;
if (values.dump) {
  const posts = Array.from({ length: 40 * count }, (_, index) => {
    const post = { id: (1e6 + index).toString(36), title: title(index), subreddit: names[index % count] };
    return JSON.stringify({
      ...post,
      score: index % 900,
      created_utc: 1_546_300_800 + index,
      over_18: false,
    });
  });
  writeFileSync(join(folder, 'RS_2019-01.ndjson'), `${posts.join('\n')}\n`);
} else {
  const titles = Array.from({ length: 300 }, (_, index) => title(index));
  writeFileSync(join(folder, 'titles.txt'), `${titles.join('\n')}\n`);
}
const source = values.dump ? '  source: duckdb\n  input: RS_2019-01.ndjson\n' : '  input: titles.txt\n';
// Long enough for a signal to come in the middle of a training.
const options = `${source}  model: nano\n  steps: 5000\n  threads: 1\n`;
writeFileSync(
  join(folder, 'many.yaml'),
  `jobs: 2\nretries: 0\noptions:\n${options}subreddits:\n${names.map((name) => `  - ${name}\n`).join('')}`,
);
const entry = join(packageRoot, 'dist/cli.js');
const secondsSince = (time: number): number => (performance.now() - time) / 1000;

/** Seconds until output matches, if it is waited for; and from the signal, sent `delay` seconds later, to the end. */
async function stop(output: RegExp | undefined, delay: number): Promise<{ start: number; end: number }> {
  const runsDir = `runs-${String(output)}-${delay}`.replace(/[^a-z0-9.-]/gi, '');
  const started = performance.now();
  const batch = spawn(process.execPath, [entry, 'batch', 'many.yaml', '--runs-dir', runsDir, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => batch.once('close', resolve));
  let said = '';
  const matches = new Promise<void>((resolve, reject) => {
    batch.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-100_000);
      if (output?.test(said)) resolve();
    });
    if (output) batch.once('close', () => reject(new Error(`The batch ended without ${output}: ${said}`)));
  });
  if (output) await matches;
  const start = secondsSince(started);
  await new Promise((resolve) => setTimeout(resolve, 1000 * delay));
  const signalled = performance.now();
  batch.kill(values.signal as NodeJS.Signals);
  await ended;
  return { start, end: secondsSince(signalled) };
}

const moments: readonly (readonly [string, RegExp | undefined, number])[] = [
  ['0.5 s after its start', undefined, 0.5],
  ['1 s after its start', undefined, 1],
  ['2 s after its start', undefined, 2],
  ['4 s after its start', undefined, 4],
  ['8 s after its start', undefined, 8],
  ['as it says how many runs there are', /up to 2 at a time/, 0],
  ['as its first run starts', /starting/, 0],
  ['5 s into its first runs', /starting/, 5],
  ['20 s into its first runs', /starting/, 20],
];
try {
  for (const [name, output, delay] of moments) {
    const { start, end } = await stop(output, delay);
    const reached = output ? `reached after ${start.toFixed(1)} s, ` : '';
    process.stdout.write(`${name}: ${reached}ended ${end.toFixed(1)} s after the signal\n`);
    if ((output?.source === 'starting' && start > longestStart) || end > longestStop) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
