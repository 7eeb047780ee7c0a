import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCsvSource } from '../../src/data/sources/csv-source.js';
import { madeUpTitles } from '../cli/titles.js';
import { failureLine, temporaryFolder, titlesOf, write } from '../data/sources/helpers.js';
import { readableFiles, unreadableFiles } from '../data/sources/hostile-files.js';
import { question } from '../data/sources/posts.js';
import { findChromium } from '../report/chromium.js';
import { giveTitles, learn, openSite, type SitePage, write as writeTitles } from './open-site.js';
import { siteInChromium } from './site-in-chromium.js';

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
  const hosted = siteInChromium(executable);
  let site: SitePage;
  beforeAll(async () => {
    site = await openSite(hosted.browser, hosted.server.url);
  });

  it.each(unreadableFiles)(
    '%s is refused in the words of the command line',
    async (_what, content, ending) => {
      const { page } = site;
      const name = `given.${ending}`;
      await give(page, name, content);
      // In the same words but for what to do: the page has no options.
      const [fault = ''] = (await lineOnNode(name, content)).split(/(?<=\.) (?=[A-Z-])/);
      const said = () => page.locator('#trouble').textContent();
      await expect.poll(said).toContain(fault);
      expect(await said()).not.toMatch(/--[a-z]|\bName (?:a|another|its)\b/);
      await expect.poll(() => page.locator('#status').textContent()).toContain(fault);
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

  it.each([
    ['commas', 'date,section,headline\n1,a,The first of the headlines\n2,b,The second of the headlines\n'],
    [
      'semicolons',
      '\ufeffNr;headline;Jahr\r\n1;The first of the headlines;1999\r\n2;The second of the headlines;2000\r\n',
    ],
    ['tabs', 'Nr\theadline\n1\tThe first of the headlines\n2\tThe second of the headlines\n'],
  ])('a table with %s and no column "title" lets a person choose one', async (what, content) => {
    const { page } = site;
    const name = `${what}.csv`;
    await give(page, name, content);
    const choice = page.getByRole('group', { name: 'Columns of this table' });
    await choice.getByRole('button', { name: 'headline' }).click();
    await expect.poll(() => page.locator('#titles-read strong').allTextContents()).toEqual([name]);
    expect(await page.locator('#titles-read li').allTextContents()).toEqual([
      'The first of the headlines',
      'The second of the headlines',
    ]);
    expect(await choice.isVisible()).toBe(false);
  });

  it('that no longer fit into the storage cost nothing that was done; it says so in one line, and the page goes on once there is room', async () => {
    const { context, page, faults } = await openSite(hosted.browser, hosted.server.url);
    const protocol = await context.newCDPSession(page);
    const origin = new URL(hosted.server.url).origin;
    const { usage: before } = await protocol.send('Storage.getUsageAndQuota', { origin });
    const leave = async (bytes: number): Promise<void> => {
      const { usage } = await protocol.send('Storage.getUsageAndQuota', { origin });
      await protocol.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + bytes });
    };
    const trouble = () => page.locator('#trouble').textContent();
    const open = async (): Promise<void> => {
      const button = page.getByRole('button', { name: /^Open: mine$/ });
      await button.click();
      // What is pressed while it opens is not taken.
      await expect.poll(() => button.isEnabled()).toBe(true);
    };
    const full = /^Cannot write \S+: the browser gives this site no more room\. Free space/;
    await giveTitles(page, 'mine.txt', madeUpTitles(80).join('\n'));
    await learn(page, 2);
    await writeTitles(page, 10);
    // The room ends within a record, and within other files; what Chromium then says differs.
    for (const bytes of [200, 1000, 20_000]) {
      await leave(bytes);
      await page.locator('#generate').click();
      await expect.poll(trouble).toMatch(full);
      await open();
      await expect.poll(() => page.locator('#text-list li').count()).toBeGreaterThanOrEqual(10);
    }
    await giveTitles(page, 'other.txt', madeUpTitles(80).join('\n'));
    await page.locator('#train').click();
    await expect.poll(trouble).toMatch(full);
    await leave(100 * before + 2 ** 28);
    await open();
    await expect.poll(() => page.locator('#writing-state').textContent()).toMatch(/new titles?[.;]/);
    const texts = await page.locator('#text-list li').count();
    await writeTitles(page, 10);
    expect(await page.locator('#text-list li').count()).toBe(texts + 10);
    expect(faults).toEqual([]);
    await context.close();
  });
});
