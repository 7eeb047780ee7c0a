import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { machine, table } from '../shared/figures.js';
import { askFor, openSitePage, secondsUntil } from './site-page.js';

/**
 * A whole run on the site in Chromium, as a person makes it: titles read, learned, written, compared, the report opened. Prints the seconds of each, the most memory
 * that the page's process took, and the longest task of its main thread. Needs `npm run -s site` before.
 *
 *     npm run bench -- site/whole-run --titles titles.csv
 *
 * Without --titles it takes the example. With --no-threads the page is not isolated, and computes with one thread.
 */
const { values } = parseArgs({
  options: {
    titles: { type: 'string' },
    steps: { type: 'string', default: '60' },
    nsamples: { type: 'string', default: '200' },
    'no-threads': { type: 'boolean', default: false },
  },
});

const { page, version, close } = await openSitePage(!values['no-threads']);

const watchTasks = `globalThis.longest = 0; new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
}).observe({ type: 'longtask' })`;

/** The most memory that a process of the page has taken, in bytes; as Linux counts it. */
async function mostMemory(of: Page): Promise<number> {
  const session = await of.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(
      ({ id }) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) * 1024,
    );
  return Math.max(...peaks);
}

await page.evaluate(watchTasks);
const give = (): Promise<void> =>
  values.titles === undefined
    ? page.locator('#example').click()
    : page.locator('#file').setInputFiles(values.titles);
const read = await secondsUntil(page, give, 'titles-read', /titles? read/);
await page.locator('#learn-settings summary').click();
await page.locator('#steps').fill(values.steps);
const learn = await secondsUntil(page, () => page.locator('#train').click(), 'learning-state', /^Learned in/);
await askFor(page, values.nsamples);
const write = await secondsUntil(
  page,
  () => page.locator('#generate').click(),
  'writing-state',
  /new titles?[.;]/,
);
await page.locator('#report-part summary').click();
await page.frameLocator('#report').locator('h1').waitFor();
const longest = (await page.evaluate('globalThis.longest')) as number;
const memory = await mostMemory(page);
const facts = await page.locator('#facts').textContent();
console.log(`${machine()}; Chromium ${version}`);
console.log(
  `${facts}\n${(await page.locator('#titles-read .read p').allTextContents()).slice(0, 2).join(' ')}\n`,
);
console.log(
  table(
    ['read', `${values.steps} steps`, `${values.nsamples} titles, compared`, 'most memory', 'longest task'],
    [
      [
        `${read.toFixed(1)} s`,
        `${learn.toFixed(1)} s`,
        `${write.toFixed(1)} s`,
        `${(memory / 1e9).toFixed(2)} GB`,
        `${longest.toFixed(0)} ms`,
      ],
    ],
  ),
);
await close();
