import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { madeUpTitles } from '../cli/titles.js';
import { findChromium } from '../report/chromium.js';
import { giveTitles, openSite, openTab } from './open-site.js';
import { siteInChromium } from './site-in-chromium.js';

const executable = findChromium();
if (executable === undefined) {
  console.log(
    'Skipped: going on with a training in Chromium. No Chromium found; install it or set CHROMIUM to it.',
  );
}

const titles = madeUpTitles(80).join('\n');
const state = (page: Page) => page.locator('#learning-state').textContent();

/** Sets how many steps a training has, and begins it. */
async function begin(page: Page, steps: number): Promise<void> {
  await page.locator('#learn-settings').evaluate((details) => details.setAttribute('open', ''));
  await page.locator('#steps').fill(String(steps));
  await page.locator('#train').click();
}

/** Points of the line of what it reads, as it is drawn. */
async function points(page: Page): Promise<number> {
  const path = await page.locator('#curve .line.training').first().getAttribute('d');
  return (path ?? '').split(/[ML]/).length - 1;
}

/** A press of one button, and of another before anything else is heard. */
const pressBoth = (page: Page, first: string, second: string) =>
  page.evaluate(`for (const id of ${JSON.stringify([first, second])}) document.getElementById(id).click()`);

describe.skipIf(executable === undefined)('a training in Chromium that was cut short', () => {
  const hosted = siteInChromium(executable);

  it('goes on with a training whose tab was closed', async () => {
    const { context, page } = await openSite(hosted.browser, hosted.server.url);
    await giveTitles(page, 'long.txt', titles);
    await page.locator('#learn-settings summary').click();
    await page.locator('#steps').fill('200');
    await page.locator('#train').click();
    const state = (of: Page) => of.locator('#learning-state').textContent();
    await expect.poll(() => state(page)).toMatch(/step (?:2[6-9]|[3-9]\d|1\d\d) of 200/);
    const { page: next, faults } = await openTab(context, hosted.server.url);
    await expect.poll(() => next.locator('#run-list').textContent()).toMatch(/another tab is at work on it/);
    expect(await next.locator('#run-list button').count()).toBe(0);
    await page.close({ runBeforeUnload: false });
    await next.getByRole('button', { name: /^Go on: long$/ }).click();
    // It goes on behind the last step that was saved.
    await expect.poll(() => state(next)).toMatch(/step \d+ of 200/);
    expect(Number(/step (\d+)/.exec((await state(next)) ?? '')?.[1])).toBeGreaterThan(25);
    await next.locator('#stop').click();
    await expect.poll(() => state(next)).toMatch(/^Stopped after step \d+ of 200; what it learned is saved/);
    expect(await next.locator('#go-on').isVisible()).toBe(true);
    expect(await next.locator('#run-list').textContent()).toMatch(/stopped/);
    expect(faults).toEqual([]);
    await context.close();
  });

  it('goes on after the browser has run out of memory, without its page loaded anew', async () => {
    const { context, page } = await openSite(hosted.browser, hosted.server.url);
    await giveTitles(page, 'heavy.txt', titles);
    await begin(page, 40);
    await expect.poll(() => state(page)).toMatch(/step (?:2[6-9]|3\d) of 40/);
    const [broken] = page.workers();
    await broken!.evaluate(`FileSystemSyncAccessHandle.prototype.write = () => {
      throw new RangeError('Array buffer allocation failed');
    }`);
    await expect.poll(() => page.locator('#trouble').textContent()).toMatch(/too little memory/);
    expect(await state(page)).toBe('It did not end.');

    await page.locator('#go-on:enabled').waitFor();
    await pressBoth(page, 'go-on', 'stop');
    await expect.poll(() => state(page)).toMatch(/^Stopped/);
    expect(await points(page)).toBe(25);

    await page.locator('#go-on').click();
    await expect.poll(() => state(page)).toMatch(/^Learned in .* 40 steps/);
    expect(await points(page)).toBe(40);
    expect(await page.locator('#trouble').isVisible()).toBe(false);
    // Of the titles that it has, without the file.
    expect(await page.locator('#train').textContent()).toBe('Learn anew');
    await begin(page, 1);
    await expect.poll(() => state(page)).toMatch(/^Learned in .* 1 steps?/);
    await expect.poll(() => page.locator('#run-list li').count()).toBe(2);
    await context.close();
  });
});
