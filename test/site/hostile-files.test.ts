import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCsvSource } from '../../src/data/sources/csv-source.js';
import { failureLine, temporaryFolder, titlesOf, write } from '../data/sources/helpers.js';
import { readableFiles, unreadableFiles } from '../data/sources/hostile-files.js';
import { question } from '../data/sources/posts.js';
import { findChromium, launchChromium } from '../report/chromium.js';
import { openSite, type SitePage } from './open-site.js';
import { SiteServer } from './site-server.js';
import { buildTinySite } from './tiny-site.js';

const executable = findChromium();
const folder = temporaryFolder();

/** The line that the command line's side refuses a file with, which is called so. */
async function lineOnNode(name: string, content: string | Uint8Array): Promise<string> {
  const path = write(folder, name, content);
  const query = question({ subreddits: [], minLength: 1, limit: 1_000_000 });
  const line = await failureLine(async () =>
    titlesOf(await openCsvSource([path], { column: undefined, header: undefined }), query),
  );
  return line.replaceAll(path, name);
}

async function give(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  await page.locator('#file').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
}

describe.skipIf(executable === undefined)('files on the page', () => {
  let browser: Browser;
  let server: SiteServer;
  let site: SitePage;
  beforeAll(async () => {
    const { folder: built } = await buildTinySite();
    server = new SiteServer(built);
    await server.start();
    browser = await launchChromium(executable!);
    site = await openSite(browser, server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it.each(unreadableFiles)(
    '%s is refused in the words of the command line',
    async (_what, content, ending) => {
      const { page } = site;
      const name = `given.${ending}`;
      await give(page, name, content);
      await expect.poll(() => page.locator('#trouble').textContent()).toBe(await lineOnNode(name, content));
      expect(await page.locator('#train').isDisabled()).toBe(true);
    },
  );

  it.each(readableFiles)('%s is read', async (what, content, ending, titles) => {
    const { page } = site;
    const name = `${what}.${ending}`;
    await give(page, name, content);
    await expect.poll(() => page.locator('#titles-read strong').allTextContents()).toEqual([name]);
    expect(await page.locator('#titles-read').textContent()).toContain(
      `${titles.length.toLocaleString('en-US')} title`,
    );
  });
});
