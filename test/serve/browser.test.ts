import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, openDetails } from '../browser/axe.js';
import { findChromium, launchChromium, openWatched, type WatchedPage } from '../report/chromium.js';
import { makeRun, post, type Serving, serve, sizes } from './serve-run.js';

const executable = findChromium();

describe.skipIf(executable === undefined)('the page in Chromium', () => {
  let browser: Browser;
  let serving: Serving;
  /** What the model says with this seed to this prompt: it stands among the training titles. */
  let recited = '';
  let seed = 0;
  const prompt = 'What is';

  beforeAll(async () => {
    browser = await launchChromium(executable!);
    const first = await serve(await makeRun());
    const wanted = { model: 'made-up', prompt, max_tokens: 4, temperature: 0.7, echo: true };
    for (seed = 0; !/^[ -~]+$/.test(recited); seed++) {
      const answer = await post(`${first.url}v1/completions`, { ...wanted, seed });
      recited = ((await answer.json()) as { choices: { text: string }[] }).choices[0]!.text.trim();
    }
    seed--;
    await first.stop();
    serving = await serve(await makeRun('<b>made</b> & up', [recited]), ['--slots', '4', '--queue', '60']);
  });
  afterAll(async () => {
    await browser?.close();
  });

  const open = (options: BrowserContextOptions = {}): Promise<WatchedPage> =>
    openWatched(browser, `${serving.url}page`, options, serving.url);

  async function set(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
    await page.locator('.finer summary').click();
    for (const [id, value] of Object.entries(values)) await page.locator(`#${id}`).fill(value);
  }

  const cards = (page: Page) => page.locator('.card:not(.coming)');

  it('shows texts as they stream in, marks copies, and says which title they copy', async () => {
    const { page, faults } = await open();
    expect(await page.locator('h1').textContent()).toBe('<b>made</b> & up');
    expect(await page.locator('#disclosure').textContent()).toContain('Machine-made');
    await set(page, { prompt, seed: String(seed), length: '4', n: '3' });
    await page.locator('#generate').click();
    await expect.poll(() => cards(page).count()).toBe(3);
    const copied = page.locator('.card.copied').filter({ hasText: 'exact copy' });
    expect(await copied.count()).toBe(1);
    expect(await copied.locator('.text').textContent()).toBe(recited.replace(/\s+/g, ' '));
    expect(await copied.locator('.state').textContent()).toMatch(
      /^exact copy: stands in the training titles/,
    );
    expect(await copied.locator('.likeness').textContent()).toContain(recited.replace(/\s+/g, ' '));
    expect(await page.locator('#standing').textContent()).toMatch(/^3 texts, \d cop/);
    await page.locator('#hide-copies').check();
    expect(await copied.isVisible()).toBe(false);
    expect(faults).toEqual([]);
  });

  it('stops at Escape, keeps what came, and frees the slots', async () => {
    const slow = await serve(await makeRun('slow', [], {}, sizes.large), ['--slots', '4', '--queue', '60']);
    const { page, faults } = await openWatched(browser, `${slow.url}page`, {}, slow.url);
    await set(page, { length: '1000', n: '50' });
    await page.locator('#prompt').press('Control+Enter');
    await expect.poll(() => page.locator('.card .text:not(:empty)').count()).toBeGreaterThan(2);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('#standing').textContent()).toMatch(/stopped$/);
    expect(await page.locator('.card.coming').count()).toBe(0);
    expect(await page.locator('#generate').isEnabled()).toBe(true);
    expect(await page.locator('#stop').isDisabled()).toBe(true);
    expect(faults).toEqual([]);
  });

  it('copies a text, saves it as a picture, and clears', async () => {
    const { page, faults } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await set(page, { prompt, seed: '5', length: '12', n: '2' });
    await page.locator('#generate').click();
    await expect.poll(() => cards(page).count()).toBe(2);
    await page
      .getByRole('button', { name: /^Copy text/ })
      .first()
      .click();
    const text = await page.locator('.card .text').first().textContent();
    expect(((await page.evaluate('navigator.clipboard.readText()')) as string).replace(/\s+/g, ' ')).toBe(
      text,
    );
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page
        .getByRole('button', { name: /^Image text/ })
        .first()
        .click(),
    ]);
    const png = await readFile(await download.path());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 628]);
    await page.locator('#clear').click();
    expect(await page.locator('.card').count()).toBe(0);
    expect(await page.locator('#standing').textContent()).toBe('Nothing generated yet.');
    expect(faults).toEqual([]);
  });

  it('lets a person choose the model by keyboard, and puts it into the address', async () => {
    const condition = ['keywords'] as const;
    const both = await serve([await makeRun('first'), await makeRun('<b>second</b>', [], { condition })]);
    const { page, faults } = await openWatched(browser, `${both.url}page`, {}, both.url);
    await set(page, { length: '4', n: '1' });
    const select = page.getByLabel('Model');
    await select.focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('#keywords').waitFor();
    expect(new URL(page.url()).searchParams.get('model')).toBe('<b>second</b>');
    expect(await page.locator('h1').textContent()).toBe('<b>second</b>');
    expect(await page.locator('#model:focus').count()).toBe(1);
    await page.locator('#generate').click();
    await expect.poll(() => cards(page).count()).toBe(1);
    expect(await page.locator('.card .model').textContent()).toBe('<b>second</b>');
    await page.reload();
    expect(await page.getByLabel('Model').inputValue()).toBe('<b>second</b>');
    expect(faults).toEqual([]);
  });

  it('has its settings in the address, which another window takes', async () => {
    const { page, faults } = await open();
    await set(page, { prompt: 'Größer & <b>', seed: '7', length: '4', n: '2', temperature: '0.35' });
    await page.locator('#prompt').press('Control+Enter');
    await expect.poll(() => cards(page).count()).toBe(2);
    const texts = await page.locator('.card .text').allTextContents();
    const address = page.url();
    expect(Object.fromEntries(new URLSearchParams(new URL(address).hash.slice(1)))).toEqual({
      prompt: 'Größer & <b>',
      n: '2',
      temperature: '0.35',
      length: '4',
      top_k: '0',
      top_p: '0',
      seed: '7',
    });
    const other = await openWatched(browser, address, {}, serving.url);
    expect(await other.page.locator('#temperature-value').textContent()).toBe('0.35');
    expect(await other.page.locator('#trouble').isVisible()).toBe(false);
    await other.page.locator('#prompt').press('Control+Enter');
    await expect.poll(() => cards(other.page).count()).toBe(2);
    expect(await other.page.locator('.card .text').allTextContents()).toEqual(texts);
    expect([...faults, ...other.faults]).toEqual([]);
  });

  it('refuses what an address may not ask for, and says what', async () => {
    const hash =
      '#n=9999&temperature=0.7&seed=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&subreddit=aww&prompt=Why';
    const { page, faults } = await openWatched(browser, `${serving.url}page${hash}`, {}, serving.url);
    const said = await page.locator('#trouble').textContent();
    expect(said).toContain('n must be a number from 1 to 50 in steps of 1; it is “9999”.');
    expect(said).toContain('it is “<img src=x onerror=alert(1)>”.');
    expect(said).toContain('“subreddit” is no setting here.');
    expect(await page.locator('#n').inputValue()).toBe('6');
    expect(await page.locator('#prompt').inputValue()).toBe('Why');
    // A link followed later is taken too.
    await page.evaluate(`location.hash = '#n=3'`);
    await expect.poll(() => page.locator('#n').inputValue()).toBe('3');
    expect(await page.locator('#prompt').inputValue()).toBe('');
    expect(await page.locator('#trouble').isVisible()).toBe(false);
    expect(faults).toEqual([]);
  });

  it('keeps earlier texts in the browser until they are cleared, whatever stands there', async () => {
    const { page, faults } = await open();
    expect(await page.locator('#history').isVisible()).toBe(false);
    await page.evaluate(`localStorage.setItem('titlesmith generations', JSON.stringify([7, {
      at: '2026-11-28T18:00:00.000Z', model: '<b>other</b>', settings: '#n=2&temperature=9&prompt=<i>old',
      texts: [{ text: '<img src=x onerror=alert(1)>', refused: '<script>' }] }]))`);
    await page.reload();
    await set(page, { prompt, length: '4', n: '2' });
    await page.locator('#generate').click();
    await expect.poll(() => cards(page).count()).toBe(2);
    await page.locator('#history > summary').click();
    const items = page.locator('#generations > li');
    expect(await items.count()).toBe(2);
    await items.nth(0).locator('summary').click();
    expect((await items.nth(0).locator('ul bdi').allTextContents()).sort()).toEqual(
      (await page.locator('.card .text').allTextContents()).sort(),
    );
    await items.nth(1).locator('summary').click();
    expect(await items.nth(1).textContent()).toContain('<img src=x onerror=alert(1)>');
    expect(await page.locator('main img, main script').count()).toBe(0);
    await items.nth(1).getByRole('button', { name: 'Use these settings' }).click();
    await expect.poll(() => page.locator('#prompt').inputValue()).toBe('<i>old');
    expect(await page.locator('#n').inputValue()).toBe('2');
    expect(await page.locator('#trouble').textContent()).toMatch(
      /<b>other<\/b> is not served here.* temperature must/,
    );
    // The seed that was drawn is kept too.
    await items.nth(0).getByRole('button', { name: 'Use these settings' }).click();
    await expect.poll(() => page.locator('#seed').inputValue()).toMatch(/^\d+$/);
    await page.locator('#clear-history').click();
    expect(await page.locator('#history').isVisible()).toBe(false);
    expect(await page.evaluate(`localStorage.length`)).toBe(0);
    expect(faults).toEqual([]);
  });

  it('shows a hostile prompt as text', async () => {
    const { page, faults } = await open();
    const attack = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    await set(page, { prompt: attack, length: '4', n: '1' });
    await page.locator('#generate').click();
    await expect.poll(() => cards(page).count()).toBe(1);
    expect(await page.locator('.card .text').textContent()).toContain(attack);
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('says why it was refused', async () => {
    const flags = ['--slots', '1', '--queue', '0', '--capacity', '1024'];
    const full = await serve(await makeRun('full', [], {}, sizes.large), flags);
    const { page } = await openWatched(browser, `${full.url}page`, {}, full.url);
    const generate = page.locator('#generate');
    // A text may end before the page has asked for its own, which then takes the slot: once more.
    for (let status = 0; status !== 429; ) {
      const busy = await post(`${full.url}v1/completions`, {
        model: 'full',
        max_tokens: 1000,
        stream: true,
      });
      const answered = page.waitForResponse(/\/texts$/);
      await generate.click();
      status = (await answered).status();
      await busy.body?.cancel();
      if (status !== 429) await page.keyboard.press('Escape');
      await expect.poll(() => generate.isEnabled()).toBe(true);
    }
    expect(await page.locator('#trouble').textContent()).toMatch(
      /^Too many texts are asked for at the moment\. Try again later\. In about \d+ s\.$/,
    );
  });

  it.each(['light', 'dark'] as const)(
    'fits a phone in the %s theme, driven by touch',
    async (colorScheme) => {
      const { page, faults } = await open({
        viewport: { width: 390, height: 844 },
        colorScheme,
        hasTouch: true,
        reducedMotion: 'reduce',
      });
      await page.locator('#prompt').fill(`${'w'.repeat(120)} ${prompt}`);
      await page.locator('#generate').tap();
      await expect.poll(() => cards(page).count()).toBe(6);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      // The texts would be below the form: they are brought into view, with the focus.
      const top = `document.getElementById('texts-heading').getBoundingClientRect().top`;
      await expect.poll(() => page.evaluate(`Math.abs(${top}) < 100`)).toBe(true);
      expect(await page.evaluate('document.activeElement.id')).toBe('texts-heading');
      await expectAccessible(page, `the page of serve on a phone, ${colorScheme}`);
      expect(faults).toEqual([]);
    },
  );

  it.each(['light', 'dark'] as const)(
    'is for keyboards and screen readers too, in the %s theme',
    async (colorScheme) => {
      const { page } = await open({ colorScheme, viewport: { width: 1280, height: 1000 } });
      await expectAccessible(page, `the empty page of serve, ${colorScheme}`);
      await set(page, { prompt, seed: String(seed), length: '4', n: '3' });
      // Where the texts are in view, typing goes on where it was.
      await page.locator('#generate').focus();
      await page.keyboard.press('Enter');
      await expect.poll(() => cards(page).count()).toBe(3);
      expect(await page.evaluate('document.activeElement.id')).toBe('generate');
      await openDetails(page);
      await expectAccessible(page, `the page of serve with texts, ${colorScheme}`);
      // Only what was checked to be good may be green: here nothing is.
      const edges = page.locator('.card:not(.copied, .unfit)');
      for (const edge of await edges.all()) expect(await edge.getAttribute('class')).toBe('card');
    },
  );

  it('gives every control a name, and tells a screen reader when it is done', async () => {
    const { page } = await open();
    const tree = await page.locator('body').ariaSnapshot();
    const names = [
      'textbox "Begin with"',
      'slider "Texts"',
      'slider "Temperature"',
      'button "Generate"',
      'button "Stop"',
    ];
    for (const name of names) expect(tree).toContain(name);
    expect(tree).toMatch(/list "Generated texts"|region "Texts"/);
    expect(await page.locator('#standing').getAttribute('role')).toBe('status');
  });
});
