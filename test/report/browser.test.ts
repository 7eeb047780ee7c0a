import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReport } from '../../src/report/build-report.js';
import { findChromium, launchChromium, openWatched } from './chromium.js';
import { exampleInput, inventTitles, reportPage } from './example.js';

const executable = findChromium();
if (executable === undefined) {
  console.log('Skipped: the report in Chromium. No Chromium found; install it or set CHROMIUM to it.');
}

const attacks = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)' x='",
  '</title></style></script><script>alert(1)</script>',
  '<svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>',
  '<iframe src="https://example.org/"></iframe>',
  '<style>@import "https://example.org/a.css"; body{display:none}</style>',
  '<link rel=stylesheet href=//example.org/b.css> <base href=//example.org/>',
  '<meta http-equiv="refresh" content="0;url=https://example.org/">',
  '<form action="https://example.org/"><button>Send</button></form>',
  '</bdi></td></tr></table><h1>Out of the table</h1>',
  '<!-- a comment --> <![CDATA[ data ]]> &lt;b&gt; &amp;amp;',
  '{{constructor.constructor("alert(1)")()}}',
  '\u202egnol yrev dna ,drawkcab si eltit sihT\u202c',
  '\u2066isolate left open \u202d and an override',
  'שלום עולם, which rule is the kindest?',
  '=HYPERLINK("https://example.org/","click")',
  `${'W'.repeat(290)}`,
];

describe.skipIf(executable === undefined)('the report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let hostile: string;

  beforeAll(async () => {
    browser = await launchChromium(executable!);
    folder = await mkdtemp(join(tmpdir(), 'titlesmith-report-'));
    // Half of the attacks are learned from, so that they also stand on the training side of pairs.
    const learned = attacks.map((attack) => `${attack} learned`);
    const input = await exampleInput({
      outputs: [...attacks, ...learned, ...inventTitles(30, 'outputs')],
      train: [...learned, ...inventTitles(300, 'train')],
      heldOut: [...attacks, ...inventTitles(60, 'held out')],
    });
    const named = attacks[3]!;
    const everywhere = {
      ...input,
      runName: named,
      subreddit: named,
      source: { description: named, synthetic: true },
      model: { name: named },
      options: { [named]: named },
    };
    hostile = await write('hostile.html', reportPage(buildReport(everywhere)));
  });

  afterAll(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function write(name: string, page: string): Promise<string> {
    await writeFile(join(folder, name), page);
    return pathToFileURL(join(folder, name)).href;
  }

  it('shows hostile titles as text: nothing runs, nothing loads, nothing is complained of', async () => {
    const { page, faults } = await openWatched(browser, hostile);
    for (const summary of await page.locator('summary').all()) await summary.click();
    const texts = await page.locator('.title').allTextContents();
    for (const attack of attacks) expect(texts).toContain(attack);
    expect(await page.locator('main h1').allTextContents()).toHaveLength(1);
    expect(
      await page
        .locator(
          'iframe, main script:not([type="application/json"]), main style, main img, main a, main form:not(#pairs-controls)',
        )
        .count(),
    ).toBe(0);
    expect(await page.locator('script:not([type="application/json"])').count()).toBe(1);
    expect(await page.title()).toBe(`r/${attacks[3]} – titlesmith overfit report`);
    expect(faults).toEqual([]);
  });

  it('would refuse a script that got past the escaping', async () => {
    const { page, faults } = await openWatched(browser, hostile);
    await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      document.body.append(script);
      const image = '<img src="https://example.org/x.png" onerror="document.title=1">';
      document.body.insertAdjacentHTML('beforeend', image);
    `);
    expect(await page.title()).not.toBe('ran');
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((fault) => fault.includes('Content Security Policy'))).toBe(true);
  });

  it.each(['light', 'dark'] as const)(
    'fits a phone in the %s theme without sideways scrolling',
    async (colorScheme) => {
      const { page, faults } = await openWatched(browser, hostile, {
        viewport: { width: 360, height: 780 },
        colorScheme,
      });
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      // Nothing is cut off at the side either, where only a part of the page would scroll.
      const beyond = await page.evaluate(`[...document.querySelectorAll('main *')]
        .filter((element) => element.getBoundingClientRect().right > 360 && element.checkVisibility())
        .map((element) => element.outerHTML.slice(0, 80))`);
      expect(beyond).toEqual([]);
      expect(await page.locator('.chart.narrow').first().isVisible()).toBe(true);
      expect(await page.locator('.chart.wide').first().isVisible()).toBe(false);
      expect(faults).toEqual([]);
    },
  );

  it('searches, filters, pages and sorts pairs by keyboard', async () => {
    const { page, faults } = await openWatched(browser, hostile);
    const shown = page.locator('#pairs-table tbody tr');
    const all = 2 * attacks.length + 30;
    const [previous, next] = [page.locator('#pairs-previous'), page.locator('#pairs-next')];
    const place = page.locator('#pairs-page');
    expect(await shown.count()).toBe(25);
    expect(await place.textContent()).toBe(`Page 1 of 3: 1 to 25 of ${all}`);
    expect(await previous.getAttribute('aria-disabled')).toBe('true');
    await next.press('Enter');
    await next.press('Enter');
    expect(await place.textContent()).toBe(`Page 3 of 3: 51 to ${all} of ${all}`);
    expect(await shown.count()).toBe(all - 50);
    // The last page is the last, and the button keeps the focus.
    await next.press('Enter');
    expect(await place.textContent()).toBe(`Page 3 of 3: 51 to ${all} of ${all}`);
    expect(await page.evaluate(`document.activeElement.id`)).toBe('pairs-next');
    await previous.press('Space');
    expect(await place.textContent()).toBe(`Page 2 of 3: 26 to 50 of ${all}`);
    expect(await page.locator('#pairs-count').textContent()).toBe(`${all} outputs`);

    await page.locator('#pairs-search').fill('ONMOUSEOVER');
    const found = await shown.allTextContents();
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((text) => text.includes('onmouseover'))).toBe(true);
    expect(await page.locator('#pairs-count').textContent()).toBe(`${found.length} of ${all} outputs`);
    await page.locator('#pairs-search').fill('');

    await page.locator('#pairs-filter').selectOption({ label: 'exact copy' });
    expect(new Set(await shown.locator('.verdict .refused, .verdict .kept').allTextContents())).toEqual(
      new Set(['exact copy']),
    );
    await page.locator('#pairs-filter').selectOption('');

    const ratings = async () => {
      const found: number[] = [];
      for (let at = 0; at < 3; at++) {
        found.push(...(await page.locator('#pairs-table .rating').allTextContents()).map(Number));
        await next.press('Enter');
      }
      return found;
    };
    const descending = await ratings();
    expect(descending).toEqual([...descending].sort((a, b) => b - a));
    await page.getByRole('button', { name: 'Rating' }).press('Enter');
    expect(await ratings()).toEqual([...descending].sort((a, b) => a - b));
    expect(await page.locator('#pairs-table th').first().getAttribute('aria-sort')).toBe('ascending');
    expect(faults).toEqual([]);
  });

  it('marks the same words whether the page or its script draws a row', async () => {
    const drawn = async (javaScriptEnabled: boolean) => {
      const { page } = await openWatched(browser, hostile, { javaScriptEnabled });
      const rows = page.locator('#pairs-table tbody tr');
      const cells = await rows.evaluateAll((found) =>
        found.map((row) => [...row.querySelectorAll('bdi.title')].map((title) => title.innerHTML)),
      );
      return new Map(cells.map((sides) => [sides.join('|').replace(/<\/?(ins|del)>/g, ''), sides]));
    };
    const [scripted, plain] = [await drawn(true), await drawn(false)];
    const both = [...plain.keys()].filter((key) => scripted.has(key));
    expect(both.length).toBeGreaterThan(10);
    for (const key of both) expect(scripted.get(key)).toEqual(plain.get(key));
  });

  it('shows the closest without JavaScript', async () => {
    const { page, faults } = await openWatched(browser, hostile, { javaScriptEnabled: false });
    const rows = page.locator('#pairs-table tbody tr');
    expect(await rows.filter({ visible: true }).count()).toBe(await rows.count());
    expect(await page.locator('#pairs-few').textContent()).toContain(`of ${2 * attacks.length + 30} outputs`);
    expect(await page.locator('#pairs-controls').isVisible()).toBe(false);
    expect(await page.locator('#pairs-pager').isVisible()).toBe(false);
    expect(faults).toEqual([]);
  });

  it('gives every control and picture a name', async () => {
    const { page } = await openWatched(browser, hostile);
    const tree = await page.locator('main').ariaSnapshot();
    expect(tree).toContain('searchbox "Search"');
    expect(tree).toContain('combobox "Show"');
    expect(tree).toMatch(/img "Histogram of best ratings/);
    expect(tree).toMatch(/img "Line chart\. Training loss goes from/);
    expect(tree).toMatch(/table "Outputs and training titles"/);
  });
});
