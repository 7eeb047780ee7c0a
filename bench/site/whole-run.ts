import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { packageRoot } from '../../src/io/package-root.js';
import { machine, table } from '../shared/figures.js';

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

const folder = join(packageRoot, 'dist/site');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
};

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const file = join(folder, path === '/' ? 'index.html' : path);
  const isThere = existsSync(file) && !(values['no-threads'] && path === '/service-worker.js');
  response.writeHead(isThere ? 200 : 404, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
  });
  response.end(isThere ? readFileSync(file) : '');
});
await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
const { port } = server.address() as AddressInfo;

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
  timeout: 0,
});
const page = await browser.newPage();
page.setDefaultTimeout(0);
page.on('console', (message) => console.error(message.text()));

const watchTasks = `globalThis.longest = 0; new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
}).observe({ type: 'longtask' })`;

/** Does what a person does until what they see matches. @returns seconds. */
async function timed(act: () => Promise<unknown>, id: string, until: RegExp): Promise<number> {
  const began = performance.now();
  await act();
  for (;;) {
    const said = (await page.locator(`#${id}`).textContent()) ?? '';
    if (until.test(said)) return (performance.now() - began) / 1000;
    const trouble = await page.locator('#trouble').textContent();
    if (trouble) throw new Error(trouble);
    await page.waitForTimeout(100);
  }
}

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

await page.goto(`http://localhost:${port}/`);
await page.locator('html[data-ready]').waitFor({ state: 'attached' });
await page.evaluate(watchTasks);
const give = (): Promise<void> =>
  values.titles === undefined
    ? page.locator('#example').click()
    : page.locator('#file').setInputFiles(values.titles);
const read = await timed(give, 'titles-read', /titles? read/);
await page.locator('#learn-settings summary').click();
await page.locator('#steps').fill(values.steps);
const learn = await timed(() => page.locator('#train').click(), 'learning-state', /^Learned in/);
await page.locator('#count').evaluate((input, count) => {
  (input as unknown as { value: string }).value = count;
}, values.nsamples);
const write = await timed(() => page.locator('#generate').click(), 'writing-state', /new titles?[.;]/);
await page.locator('#report-part summary').click();
await page.frameLocator('#report').locator('h1').waitFor();
const longest = (await page.evaluate('globalThis.longest')) as number;
const memory = await mostMemory(page);
const facts = await page.locator('#facts').textContent();
console.log(`${machine()}; Chromium ${browser.version()}`);
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
await browser.close();
server.closeAllConnections();
server.close();
