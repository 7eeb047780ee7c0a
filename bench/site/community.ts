import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/io/package-root.js';
import { machine, table } from '../shared/figures.js';
import { askFor, openSitePage, secondsUntil } from './site-page.js';

/**
 * Seconds that titles of a community take, on the command line (the whole process) and on the page: the first time, when the model
 * is loaded too, and again. Needs `npm run -s site` before.
 *
 *     npm run bench -- site/community --subreddit baking --nsamples 100 --rounds 3
 *
 * With --no-threads the page is not isolated, and computes with one thread.
 */
const { values } = parseArgs({
  options: {
    subreddit: { type: 'string', default: 'baking' },
    nsamples: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    'no-threads': { type: 'boolean', default: false },
  },
});
const { subreddit, nsamples } = values;

function commandLine(): number {
  const began = performance.now();
  const cli = join(packageRoot, 'dist/cli.js');
  const asked = ['generate', 'base', '--subreddit', subreddit, '--nsamples', nsamples];
  const { status, stderr } = spawnSync(process.execPath, [cli, ...asked], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - began) / 1000;
}

const rows: string[][] = [];
let version = '';
for (let round = 1; round <= Number(values.rounds); round++) {
  const onCommandLine = commandLine();
  const site = await openSitePage(!values['no-threads']);
  const { page } = site;
  version = site.version;
  await page.locator('#community').fill(subreddit);
  await askFor(page, nsamples);
  const write = async (): Promise<number> =>
    secondsUntil(page, () => page.locator('#write-at-once').click(), 'writing-state', /new titles?[.;]/);
  const first = await write();
  const again = await write();
  rows.push([String(round), ...[onCommandLine, first, again].map((seconds) => `${seconds.toFixed(1)} s`)]);
  await site.close();
}
console.log(`${machine()}; Chromium ${version}; ${nsamples} titles of r/${subreddit}\n`);
console.log(table(['round', 'command line', 'page, first time', 'page, again'], rows));
