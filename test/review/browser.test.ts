import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReviewInput } from '../../src/review/review.js';
import { type ReviewServer, startReview } from '../../src/review/server.js';
import { expectAccessible } from '../browser/axe.js';
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

  const said = (page: Page) => page.locator('#said').textContent();
  const focused = (page: Page) =>
    page.evaluate(`document.activeElement.id || document.activeElement.className`);

  it('is driven by keys, from the output most in doubt on, and every key press is saved', async () => {
    const { page, faults } = await openReview();
    expect(await page.title()).toBe('Review <b>made up</b> – titlesmith');
    await expect.poll(() => standing(page)).toBe('0 of 4 decided, 2 kept');
    await expect.poll(() => current(page)).toBe(fewOutputs[2]);
    await page.keyboard.press('k');
    await expect.poll(() => standing(page)).toBe('1 of 4 decided, 3 kept');
    await expect.poll(() => current(page)).toBe(trainTitles[0]);
    await page.keyboard.press('j');
    await page.keyboard.press('r');
    await expect.poll(() => standing(page)).toBe('2 of 4 decided, 2 kept');
    await page.keyboard.press('s');
    await expect.poll(() => standing(page)).toBe('2 of 4 decided, 1 seen, 2 kept');
    await expect.poll(accepted).toContain(fewOutputs[2]);
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toBe('2 of 4 decided, 2 kept');
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toBe('1 of 4 decided, 3 kept');
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toBe('0 of 4 decided, 2 kept');
    await expect.poll(() => current(page)).toBe(fewOutputs[2]);
    expect(await said(page)).toBe(`Taken back: ${fewOutputs[2]}.`);
    await page.keyboard.press('u');
    await expect.poll(() => page.locator('#trouble').textContent()).toContain('nothing to take back');
    await expect.poll(accepted).not.toContain(fewOutputs[2]);
    expect(faults.filter((fault) => !fault.includes('409'))).toEqual([]);
  });

  it('decides all that the filters show, says so, and one undo takes it back', async () => {
    const { page, faults } = await openReview();
    await page.locator('#reason').selectOption('accepted');
    await expect.poll(() => page.locator('.item').count()).toBe(2);
    await page.locator('#refuseAll').click();
    await expect.poll(() => standing(page)).toBe('2 of 4 decided, 0 kept');
    expect(await said(page)).toBe('Refused: 2 outputs. One undo takes all back.');
    expect(await page.locator('.item .by').allTextContents()).toEqual(['by you', 'by you']);
    // The button keeps the focus, so that the next key decides nothing by accident that was not looked at.
    expect(await focused(page)).toBe('refuseAll');
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toBe('0 of 4 decided, 2 kept');
    expect(await said(page)).toBe('Taken back: 2 outputs.');
    await page.keyboard.press('Shift+S');
    await expect.poll(() => standing(page)).toBe('0 of 4 decided, 2 seen, 2 kept');
    await page.locator('#reason').selectOption('');
    await expect.poll(() => page.locator('.item').count()).toBe(2);
    await page.locator('#show').selectOption('seen');
    await expect
      .poll(() => page.locator('.item .by').allTextContents())
      .toEqual(['by dedupe; seen', 'by dedupe; seen']);
    expect(faults).toEqual([]);
  });

  it('leaves out what cannot be kept, and shows it apart with the reason', async () => {
    const { page, faults } = await openReview();
    expect(await page.locator('#left-out').textContent()).toContain('2 texts left out: they cannot be kept');
    await page.locator('#show-impossible').click();
    await expect.poll(() => page.locator('.item').count()).toBe(2);
    // What was pressed is gone: the focus goes on to what was asked for.
    expect(await page.locator('#show-impossible').isVisible()).toBe(false);
    await expect.poll(() => focused(page)).toMatch(/^item/);
    expect((await page.locator('.item .state').allTextContents()).sort()).toEqual([
      'cannot be keptaccepted.txt holds one title a line, of characters that can be shown',
      'cannot be keptthere is nothing to read',
    ]);
    for (const key of ['k', 'r', 's', 'Shift+R', 'Shift+K']) await page.keyboard.press(key);
    expect(await page.locator('#keep').getAttribute('aria-disabled')).toBe('true');
    expect(await page.locator('#refuseAll').getAttribute('aria-disabled')).toBe('true');
    await page.locator('#show').selectOption('open');
    await expect.poll(() => page.locator('.item').count()).toBe(4);
    expect(await standing(page)).toBe('0 of 4 decided, 2 kept');
    expect(await page.locator('#keep').getAttribute('aria-disabled')).toBeNull();
    expect(faults).toEqual([]);
  });

  it('shows its keys, and gives the focus back where it was', async () => {
    const { page } = await openReview();
    await page.keyboard.press('j');
    expect(await focused(page)).toMatch(/^item/);
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    await page.keyboard.press('?');
    await dialog.waitFor();
    expect(await dialog.locator('kbd').allTextContents()).toEqual([
      'k',
      'r',
      's',
      'u',
      'j',
      'i',
      'K',
      'R',
      'S',
      '/',
      '?',
    ]);
    // Keys decide nothing behind the dialog's back.
    await page.keyboard.press('r');
    await page.keyboard.press('?');
    await dialog.waitFor({ state: 'hidden' });
    expect(await focused(page)).toMatch(/^item/);
    await page.locator('#help').click();
    await page.locator('#keys-on').uncheck();
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('help');
    await page.keyboard.press('r');
    expect(await standing(page)).toBe('0 of 4 decided, 2 kept');
    await page.locator('#refuse').click();
    await expect.poll(() => standing(page)).toMatch(/^1 of 4 decided/);
    expect(await focused(page)).toBe('refuse');
    expect(await said(page)).toMatch(/^Refused\. Next: \w/);
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
    await expect.poll(() => items.count()).toBe(4);
    await page.keyboard.press('/');
    await page.keyboard.type('kindly');
    await expect.poll(() => items.count()).toBe(0);
    await expect.poll(() => standing(page)).toBe('0 of 4 decided, 2 kept');
    await page.locator('#search').fill('WEED');
    await expect.poll(() => items.count()).toBe(1);
    await page.locator('#search').press('Escape');
    await page.keyboard.press('r');
    await expect.poll(() => standing(page)).toBe('1 of 4 decided, 1 kept');
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
    await expect.poll(() => standing(one.page)).toBe('1 of 4 decided, 3 kept');
    const second = two.page.locator('.item').first().locator('.state');
    await expect.poll(() => second.textContent()).toBe('keptby you');
    await expect.poll(() => standing(two.page)).toBe('1 of 4 decided, 3 kept');
    await two.page.keyboard.press('r');
    await expect.poll(() => standing(one.page)).toBe('1 of 4 decided, 2 kept');
    await one.page.keyboard.press('u');
    await expect.poll(() => one.page.locator('#trouble').textContent()).toContain('another window');
    await expect.poll(() => standing(one.page)).toBe('1 of 4 decided, 2 kept');
  });

  it('says so when the server has gone, and goes on when it is back', async () => {
    const { page } = await openReview();
    await page.keyboard.press('k');
    await expect.poll(() => standing(page)).toBe('1 of 4 decided, 3 kept');
    await server.close();
    await page.keyboard.press('r');
    await expect.poll(() => page.locator('#trouble').textContent()).toMatch(/connection|ended/);
    server = await startReview(input);
    const again = await openReview();
    await expect.poll(() => standing(again.page)).toBe('1 of 4 decided, 3 kept');
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
    await expect.poll(() => standing(review)).toBe('0 of 4 decided, 2 kept');
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
      await expect.poll(() => standing(page)).toMatch(/^1 of 10 decided/);
      await page.locator('.item').nth(4).tap();
      await page.locator('#refuse').tap();
      await expect.poll(() => standing(page)).toMatch(/^2 of 10 decided/);
      await page.locator('#undo').tap();
      await expect.poll(() => standing(page)).toMatch(/^1 of 10 decided/);
      expect(faults).toEqual([]);
    },
  );

  it('gives every control a name', async () => {
    const { page } = await openReview();
    const tree = await page.locator('body').ariaSnapshot();
    for (const name of ['Keep', 'Refuse', 'Seen', 'Undo', 'Keys', 'Keep all', 'Refuse all', 'All seen'])
      expect(tree).toContain(`button "${name}"`);
    expect(tree).toMatch(
      /combobox "Show"[\s\S]*combobox "Verdict"[\s\S]*combobox "Order"[\s\S]*searchbox "Search"/,
    );
    expect(tree).toMatch(/list "Outputs"/);
    expect(tree).toMatch(/progressbar "Outputs decided or seen"/);
  });

  it.each([
    ['light', 1200],
    ['light', 390],
    ['dark', 1200],
    ['dark', 390],
  ] as const)('breaks no rule of axe, %s, %d wide', async (colorScheme, width) => {
    const { page } = await openReview({ colorScheme, viewport: { width, height: 844 } });
    const states = `${colorScheme}, ${width} wide`;
    for (const key of ['k', 's', 'r']) await page.keyboard.press(key);
    await expect.poll(() => standing(page)).toBe('2 of 4 decided, 1 seen, 2 kept');
    await page.locator('#show').selectOption('all');
    await expect.poll(() => page.locator('.item').count()).toBe(4);
    await expectAccessible(page, `the review, ${states}`);
    await page.locator('#show-impossible').click();
    await expect.poll(() => page.locator('.item').count()).toBe(2);
    await expectAccessible(page, `what cannot be kept, ${states}`);
    await page.locator('#help').click();
    await expectAccessible(page, `the keys, ${states}`);
  });

  it('keeps the page small with two thousand outputs', async () => {
    await server.close();
    await rm(input.folder, { recursive: true, force: true });
    await serve(inventTitles(2000, 'very many').map((title, i) => `${title} ${i}`));
    const { page } = await openReview();
    const nodes = () => page.evaluate<number>(`document.querySelectorAll('*').length`);
    expect(await page.locator('.item').count()).toBe(100);
    expect(await nodes()).toBeLessThan(2500);
    await page.keyboard.press('Shift+R');
    await expect.poll(() => standing(page)).toBe('2,000 of 2,000 decided, 0 kept');
    await page.keyboard.press('u');
    await expect.poll(() => standing(page)).toMatch(/^0 of 2,000 decided/);
    expect(await page.locator('.item').count()).toBe(100);
    expect(await nodes()).toBeLessThan(2500);
  });
});
