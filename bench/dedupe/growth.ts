import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSimilarityIndex } from '../../src/dedupe/similarity-index.js';
import { machine, table, timed } from '../shared/figures.js';
import { madeUpOutputs, madeUpTitles } from './made-up-titles.js';

/**
 * How the search grows with the titles: each size in a process of its own, whose peak memory is told.
 * `npm run bench -- dedupe/growth`
 */
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,31623,100000,316228,1000000' },
    outputs: { type: 'string', default: '10000' },
    /** Measures this one size and prints it as JSON. */
    only: { type: 'string' },
  },
});

interface Measured {
  readonly build: number;
  readonly search: number;
  readonly megabytes: number;
  readonly near: number;
}

if (values.only !== undefined) {
  process.stdout.write(JSON.stringify(measure(Number(values.only), Number(values.outputs))));
} else {
  const sizes = values.sizes.split(',').map(Number);
  process.stdout.write(`${machine()}\n${values.outputs} outputs against made-up titles\n\n`);
  const rows = sizes.map((size) => {
    const { build, search, megabytes, near } = inOwnProcess(size);
    const milliseconds = (1000 * search) / Number(values.outputs);
    return [size, build.toFixed(2), search.toFixed(2), milliseconds.toFixed(3), Math.round(megabytes), near];
  });
  const header = [
    'titles',
    'build, s',
    'search, s',
    'each output, ms',
    'peak memory, MB',
    'rated 0.8 or higher',
  ];
  process.stdout.write(table(header, rows));
}

function inOwnProcess(size: number): Measured {
  const arguments_ = [fileURLToPath(import.meta.url), '--only', String(size), '--outputs', values.outputs];
  const { stdout, status, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${size} titles: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}

function measure(size: number, count: number): Measured {
  const titles = madeUpTitles(size, 1, 'train');
  const outputs = madeUpOutputs(count, titles, madeUpTitles(5000, 1, 'unseen'), 1);
  const build = timed(() => createSimilarityIndex(titles));
  const search = timed(() => outputs.map((output) => build.result.best(output).rating));
  const near = search.result.filter((rating) => rating >= 0.8).length;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  return { build: build.seconds, search: search.seconds, megabytes, near };
}
