import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { packageRoot } from '../../src/io/package-root.js';

const folder = join(packageRoot, 'dist/site');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
};

/** The site as a person sees it, in a Chromium of its own. */
export interface SitePage {
  readonly page: Page;
  /** Chromium's. */
  readonly version: string;
  close(): Promise<void>;
}

/**
 * Opens the site that `npm run -s site` has built.
 * @param isIsolated without it the page computes with one thread.
 */
export async function openSitePage(isIsolated: boolean): Promise<SitePage> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = join(folder, path === '/' ? 'index.html' : path);
    const isThere = existsSync(file) && (isIsolated || path !== '/service-worker.js');
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
  await page.goto(`http://localhost:${port}/`);
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
  return {
    page,
    version: browser.version(),
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Does what a person does until what they see matches. @returns seconds. */
export async function secondsUntil(
  page: Page,
  act: () => Promise<unknown>,
  id: string,
  until: RegExp,
): Promise<number> {
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

/** Sets how many titles are asked for. */
export async function askFor(page: Page, count: string): Promise<void> {
  await page.locator('#count').evaluate((input, value) => {
    (input as unknown as { value: string }).value = value;
  }, count);
}
