import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/io/package-root.js';
import { servedModel } from '../serve/served-model.js';
import { machine, table } from '../shared/figures.js';
import { readOptions } from './generate-options.js';

/** Seconds from the start of a process to its first title, with the model on disk: `npm run bench -- generate/cold`. */
const { model, rounds, threads } = readOptions();
const folder = await servedModel(model);

async function measure(nsamples: number, precision: string): Promise<number> {
  const flags = ['--nsamples', nsamples, '--length', 24, '--threads', threads, '--precision', precision].map(
    String,
  );
  const started = performance.now();
  const child = spawn(process.execPath, [join(packageRoot, 'dist/cli.js'), 'generate', folder, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const failed = closed.then(([code]) =>
    Promise.reject(new Error(`titlesmith generate ended with ${code}.`)),
  );
  await Promise.race([once(child.stdout, 'data'), failed]);
  const seconds = (performance.now() - started) / 1000;
  child.kill();
  await failed.catch(() => {});
  return seconds;
}

const rows: (string | number)[][] = [];
for (const precision of ['float32', 'int8']) {
  for (const nsamples of [1, 64]) {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) seconds.push(await measure(nsamples, precision));
    seconds.sort((a, b) => a - b);
    rows.push([precision, nsamples, ...[0, rounds >> 1, rounds - 1].map((at) => seconds[at]!.toFixed(2))]);
  }
}
process.stdout.write(`${model}, ${threads} threads, ${rounds} rounds; ${machine()}\n\n`);
process.stdout.write(table(['', 'titles asked for', 'least s', 'median s', 'most s'], rows));
