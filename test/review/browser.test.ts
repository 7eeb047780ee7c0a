import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReviewInput } from '../../src/review/review.js';
import { type ReviewServer, startReview } from '../../src/review/server.js';
import { findChromium, launchChromium, openWatched } from '../report/chromium.js';
import { inventTitles } from '../report/example.js';
import { fewOutputs, reviewInput, trainTitles } from './fixture.js';

const executable = findChromium();
if (executable === undefined) {
  console.log('Skipped: the review in Chromium. No Chromium found; install it or set CHROMIUM to it.');
}

const attacks = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</li></ol><h1>Out of the list</h1>',
  '<style>body{display:none}</style>',
  '\u202egnol yrev dna ,drawkcab si eltit sihT',
  'W'.repeat(290),
];

describe.skipIf(executable === undefined)('the review in Chromium', () => {
  let browser: Browser;
  let server: ReviewServer;
  let input: ReviewInput;

  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(() => browser?.close());

  async function serve(outputs: readonly string[]): Promise<void> {
    input = await reviewInput(outputs, '<b>made up</b>');
    server = await startReview(input);
  }
  beforeEach(() => serve(fewOutputs));
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await server.close();
    await rm(input.folder, { recursive: true, force: true });
  });

  async function openReview(options: BrowserContextOptions = {}) {
    const watched = await openWatched(browser, server.url, options);
    await watched.page.locator('.item[aria-current=true]').waitFor();
    return watched;
  }

  const current = (page: Page) => page.locator('.item[aria-current=true] .output').textContent();
  const standing = (page: Page) => page.locator('#standing').textContent();
  const accepted = async () => (await readFile(join(input.folder, 'accepted.txt'), 'utf8')).split('\n');

  it('is driven by keys, from the closest output on, and every key press is saved', async () => {
    const { page, faults } = await openReview();
    expect(await page.title()).toBe('Review <b>made up</b> – titlesmith');
    await expect.poll(() => standing(page)).toBe('0 of 6 decided, 2 kept');
    await expect.poll(() => current(page)).toBe(trainTitles[0]);
    await page.keyboard.press('k');
    await expect.poll(() => standing(page)).toBe('1 of 6 decided, 3 kept');
    await expect.poll(() => current(page)).toBe(fewOutputs[2]);
    await page.keyboard.press('j');
    await page.keyboard.press('r');
    await expect.poll(() => standing(page)).toMatch(/^2 of 6 decided, 2 kept/);
    await expect.poll(accepted).toContain(trainTitles[0]);
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toBe('1 of 6 decided, 3 kept');
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toBe('0 of 6 decided, 2 kept');
    await expect.poll(() => current(page)).toBe(trainTitles[0]);
    await page.keyboard.press('u');
    await expect.poll(() => page.locator('#trouble').textContent()).toContain('nothing to take back');
    await expect.poll(accepted).not.toContain(trainTitles[0]);
    expect(faults.filter((fault) => !fault.includes('409'))).toEqual([]);
  });

  it('shows by state, reason and search, and keeps keys out of the search', async () => {
    const { page } = await openReview();
    const items = page.locator('.item');
    await page.locator('#reason').selectOption('near copy');
    await expect.poll(() => items.count()).toBe(1);
    expect(await items.locator('.why').textContent()).toMatch(
      /^near copy: rated 0\.\d{3} with a training title$/,
    );
    expect((await items.locator('ins').allTextContents()).join(' ')).toContain('lately?');
    await page.locator('#reason').selectOption('');
    await expect.poll(() => items.count()).toBe(6);
    await page.keyboard.press('/');
    await page.keyboard.type('kindly');
    await expect.poll(() => items.count()).toBe(0);
    await expect.poll(() => standing(page)).toBe('0 of 6 decided, 2 kept');
    await page.locator('#search').fill('WEED');
    await expect.poll(() => items.count()).toBe(1);
    await page.locator('#search').press('Escape');
    await page.keyboard.press('r');
    await expect.poll(() => standing(page)).toBe('1 of 6 decided, 1 kept');
    await page.locator('#search').fill('');
    await page.locator('#show').selectOption('decided');
    await expect.poll(() => items.count()).toBe(1);
    expect(await items.locator('.state').textContent()).toBe('refusedby you');
  });

  it('goes through more outputs than are loaded at once', async () => {
    await server.close();
    await rm(input.folder, { recursive: true, force: true });
    await serve(inventTitles(140, 'many').map((title, i) => `${title} ${i}`));
    const { page, faults } = await openReview();
    // Keys that come before the next outputs have are lost, never taken for another output.
    while (!(await standing(page))?.startsWith('140 of')) await page.keyboard.press('r');
    await expect.poll(() => standing(page)).toBe('140 of 140 decided, 0 kept');
    const log = (await readFile(join(input.folder, 'decisions.jsonl'), 'utf8')).trim().split('\n');
    const decided = log.map((line) => JSON.parse(line).index);
    expect(decided).toHaveLength(140);
    expect(new Set(decided).size).toBe(140);
    expect(faults).toEqual([]);
  });

  it('tells another window at once, and does not overwrite what was decided there', async () => {
    const [one, two] = [await openReview(), await openReview()];
    await one.page.keyboard.press('k');
    await expect.poll(() => standing(one.page)).toBe('1 of 6 decided, 3 kept');
    const second = two.page.locator('.item').first().locator('.state');
    await expect.poll(() => second.textContent()).toBe('keptby you');
    await expect.poll(() => standing(two.page)).toBe('1 of 6 decided, 3 kept');
    await two.page.keyboard.press('r');
    await expect.poll(() => standing(one.page)).toBe('1 of 6 decided, 2 kept');
    await one.page.keyboard.press('u');
    await expect.poll(() => one.page.locator('#trouble').textContent()).toContain('another window');
    await expect.poll(() => standing(one.page)).toBe('1 of 6 decided, 2 kept');
  });

  it('says so when the server has gone, and goes on when it is back', async () => {
    const { page } = await openReview();
    await page.keyboard.press('k');
    await expect.poll(() => standing(page)).toBe('1 of 6 decided, 3 kept');
    await server.close();
    await page.keyboard.press('r');
    await expect.poll(() => page.locator('#trouble').textContent()).toMatch(/connection|ended/);
    server = await startReview(input);
    const again = await openReview();
    await expect.poll(() => standing(again.page)).toBe('1 of 6 decided, 3 kept');
  });

  it('shows hostile titles as text', async () => {
    await server.close();
    await rm(input.folder, { recursive: true, force: true });
    await serve([...attacks, ...fewOutputs]);
    const { page, faults } = await openReview();
    const texts = await page.locator('.output .title').allTextContents();
    for (const attack of attacks) expect(texts).toContain(attack);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('main script, main img, main style').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('lets a report that came from elsewhere read and decide nothing', async () => {
    await server.close();
    const reportPath = join(input.folder, 'report.html');
    const script = `
      const post = { method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ index: 0, decision: 'refuse', seen: 0, window: 'w' }) };
      Promise.allSettled([fetch('decisions', post), fetch('items')]).then((results) => {
        document.title = results.map(({ status }) => status).join() + ' ' + origin;
      });`;
    await writeFile(reportPath, `<!doctype html><title>not run</title><script>${script}</script>`);
    server = await startReview({ ...input, reportPath });
    const { page } = await openWatched(browser, `${server.url}report`);
    await expect.poll(() => page.title()).toBe('rejected,rejected null');
    const { page: review } = await openReview();
    await expect.poll(() => standing(review)).toBe('0 of 6 decided, 2 kept');
  });

  it.each(['light', 'dark'] as const)(
    'fits a phone in the %s theme, and is driven by touch',
    async (colorScheme) => {
      await server.close();
      await rm(input.folder, { recursive: true, force: true });
      await serve([...attacks, ...fewOutputs]);
      const { page, faults } = await openReview({
        viewport: { width: 390, height: 844 },
        colorScheme,
        hasTouch: true,
      });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      await page.locator('#refuse').tap();
      await expect.poll(() => standing(page)).toMatch(/^1 of 12 decided/);
      await page.locator('.item').nth(4).tap();
      await page.locator('#refuse').tap();
      await expect.poll(() => standing(page)).toMatch(/^2 of 12 decided/);
      await page.locator('#undo').tap();
      await expect.poll(() => standing(page)).toMatch(/^1 of 12 decided/);
      expect(faults).toEqual([]);
    },
  );

  it('gives every control a name', async () => {
    const { page } = await openReview();
    const tree = await page.locator('body').ariaSnapshot();
    for (const name of ['button "Keep"', 'button "Refuse"', 'button "Undo"', 'searchbox "Search"']) {
      expect(tree).toContain(name);
    }
    expect(tree).toMatch(/combobox "Show"[\s\S]*combobox "Verdict"/);
    expect(tree).toMatch(/list "Outputs"/);
    expect(tree).toMatch(/progressbar "Outputs decided"/);
  });
});
