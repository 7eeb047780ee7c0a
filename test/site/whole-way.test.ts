import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { siteBudget } from '../../tools/site.js';
import { expectAccessible, openDetails } from '../browser/axe.js';
import { madeUpTitles } from '../cli/titles.js';
import { findChromium } from '../report/chromium.js';
import {
  giveTitles,
  learn,
  openSite,
  openTab,
  type SitePage,
  setSlider,
  untilReady,
  write,
} from './open-site.js';
import { siteInChromium } from './site-in-chromium.js';

const executable = findChromium();
if (executable === undefined) {
  console.log('Skipped: the site in Chromium. No Chromium found; install it or set CHROMIUM to it.');
}

const titles = [...madeUpTitles(80), 'tiny', ...madeUpTitles(2)].join('\n');

describe.skipIf(executable === undefined)('the site in Chromium', () => {
  const hosted = siteInChromium(executable);

  describe('from a file of titles to a report, of a host of plain files', () => {
    let site: SitePage;
    beforeAll(async () => {
      site = await openSite(hosted.browser, hosted.server.url);
    });

    it('isolates itself, and transfers little before a person trains or generates', async () => {
      const { page } = site;
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      await page.locator('#example').click();
      await page.locator('#titles-read .read').waitFor();
      expect(await page.locator('#titles-read').textContent()).toMatch(
        /4,\d+ titles read, \d+ of them left out/,
      );
      expect(hosted.server.sent).toBeLessThan(siteBudget.first);
    });

    it('shows what was read, what was left out and why, and what is held back', async () => {
      const { page } = site;
      await giveTitles(page, 'my titles.txt', titles);
      const shown = await page.locator('#titles-read').textContent();
      expect(shown).toContain('83 titles read, 3 of them left out; 80 are used.');
      expect(shown).toMatch(/learn from \d+; \d+ titles are held back to test it/);
      expect(shown).toContain('That is very few');
      expect(shown).toContain('1 too short, such as');
      expect(shown).toContain('2 already there, such as');
    });

    it('learns, with the losses drawn and samples shown', async () => {
      const { page } = site;
      await learn(page, 3);
      expect(await page.locator('#curve svg').count()).toBe(2);
      expect(await page.locator('#curve .dot.held-out').count()).toBeGreaterThan(1);
      expect(await page.locator('#learning-state').textContent()).toContain('3 steps');
      await expect.poll(() => page.locator('#facts').textContent()).toMatch(/^It computes with .*threads?/);
    });

    it('writes titles, refuses copies, and shows the verdict and the report', async () => {
      const { page } = site;
      await write(page, 40);
      expect(await page.locator('#text-list li').count()).toBe(40);
      expect(await page.locator('#headline').textContent()).not.toBe('');
      await page.locator('#report-part summary').click();
      const report = page.frameLocator('#report');
      await report.locator('h1').waitFor();
      expect(await report.locator('h1').textContent()).toBe(await page.locator('#headline').textContent());
      // Its script runs, and sorts the pairs.
      await report.locator('#pairs-table tbody tr').first().waitFor();
    });

    it('has sent nothing, and could not', async () => {
      const { page, faults } = site;
      expect(
        hosted.server.received.filter(({ method, bodyBytes }) => method !== 'GET' || bodyBytes > 0),
      ).toEqual([]);
      expect(faults).toEqual([]);
      // In the worker, where the titles are.
      const [worker] = page.workers();
      const other = hosted.server.url.replace('localhost', '127.0.0.1');
      const tried = `fetch(${JSON.stringify(other)}, { method: 'POST', mode: 'no-cors', body: 'a title' }).then(() => 'sent', (error) => error.name)`;
      expect(await worker!.evaluate(tried)).toBe('TypeError');
      const own = `fetch(${JSON.stringify(hosted.server.url)}, { method: 'POST', body: 'a title' }).then(() => 'sent', (error) => error.name)`;
      expect(await page.evaluate(own)).toBe('TypeError');
      expect(hosted.server.received.filter(({ method }) => method !== 'GET')).toEqual([]);
    });

    it('saves titles, report and archive, and opens the archive', async () => {
      const { page } = site;
      const saved = async (id: string) => {
        const [download] = await Promise.all([page.waitForEvent('download'), page.locator(id).click()]);
        return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
      };
      const accepted = await saved('#save-accepted');
      const shown = await page.locator('#text-list li:not(.refused-text)').count();
      expect(accepted.content.toString().trim().split('\n')).toHaveLength(shown);
      expect((await saved('#save-report')).content.toString()).toContain('<!doctype html>');
      const archive = await saved('#save-archive');
      expect(archive.name).toMatch(/\.tar\.gz$/);
      expect([...archive.content.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
      expect(await page.locator('#done').textContent()).toContain('my-titles.tar.gz is saved');
      const [, megabytes = ''] = /at most ([\d.]+) MB/.exec(
        (await page.locator('#archive-size').textContent())!,
      )!;
      expect(archive.content.length).toBeLessThan(Number(megabytes) * 1e6);
      expect(archive.content.length).toBeGreaterThan(Number(megabytes) * 0.5e6);
      // In the place of titles it is known for what it is.
      await page
        .locator('#file')
        .setInputFiles({ name: archive.name, mimeType: 'application/gzip', buffer: archive.content });
      await expect.poll(() => page.locator('#run-list li').count()).toBe(2);
      expect(await page.locator('#text-list li').count()).toBe(40);
    });

    it('works without its host once it was used', async () => {
      const { page } = site;
      const port = Number(new URL(hosted.server.url).port);
      await hosted.server.stop();
      try {
        await page.reload();
        await untilReady(page);
        await page.getByRole('button', { name: /^Open: my-titles$/ }).click();
        await page.locator('#text-list li').first().waitFor();
        await write(page, 10);
        expect(await page.locator('#text-list li').count()).toBe(50);
        expect(await page.locator('#text-list h3').allTextContents()).toEqual([
          'Written last: 10 titles',
          'Written before, round 1: 40 titles',
        ]);
      } finally {
        await hosted.server.start(port);
      }
    });

    it.each([
      ['light', 1200],
      ['dark', 390],
    ] as const)(
      'has no fault that axe finds, in the %s theme %i wide, nor scrolls aside',
      async (colorScheme, width) => {
        const { page } = site;
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 844 });
        await openDetails(page);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        await expectAccessible(page, `the site in the ${colorScheme} theme`);
      },
    );

    it('judges what was written when it was stopped, or its tab was closed', async () => {
      const { context, page } = site;
      const shown = async (of: Page) => {
        // Long lists are put up piece by piece.
        await of.locator('#text-list:not([aria-busy])').waitFor({ state: 'attached' });
        return of.locator('#text-list li').count();
      };
      const begin = async (of: Page): Promise<void> => {
        await setSlider(of, 'count', 500);
        await setSlider(of, 'length', 50);
        const before = await shown(of);
        await of.locator('#generate').click();
        // Once there is a second, the first is written down.
        await expect.poll(() => shown(of)).toBeGreaterThan(before + 1);
      };
      const openButton = (of: Page) => of.getByRole('button', { name: /^Open: my-titles$/ });
      const open = (of: Page) => openButton(of).click();
      const before = await shown(page);
      await begin(page);
      await page.locator('#stop-writing').click();
      const state = () => page.locator('#writing-state').textContent();
      await expect.poll(state).toMatch(/^Stopped\. What was written counts: \d+ new titles?[.;]/);
      const stopped = await shown(page);
      expect(stopped).toBeGreaterThan(before);
      expect(stopped).toBeLessThan(before + 500);
      const { page: other } = await openTab(context, hosted.server.url);
      await open(other);
      await expect.poll(() => shown(other)).toBe(stopped);
      await begin(other);
      await other.close({ runBeforeUnload: false });
      // The closed tab keeps the run until its worker has ended: until then it cannot be opened here.
      await expect
        .poll(async () => {
          if (await openButton(page).isEnabled()) await open(page);
          return shown(page);
        })
        .toBeGreaterThan(stopped);
      expect(await page.locator('#text-list li.written').count()).toBe(0);
    });
  });

  it('writes titles of the model as it came, and again without its host', async () => {
    const { context, page, faults } = await openSite(hosted.browser, hosted.server.url);
    await write(page, 10);
    expect(await page.locator('#text-list li').count()).toBe(10);
    expect(await page.locator('#copied-help').textContent()).toMatch(
      /^The model as it came has learned none/,
    );
    const port = Number(new URL(hosted.server.url).port);
    await hosted.server.stop();
    try {
      await page.reload();
      await untilReady(page);
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      await write(page, 20);
      expect(await page.locator('#text-list li').count()).toBe(20);
    } finally {
      await hosted.server.start(port);
    }
    expect(faults.filter((fault) => !fault.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
    await context.close();
  });

  it('writes titles of a community at once, which is chosen by name, and refuses names that the model does not know', async () => {
    const { context, page, faults } = await openSite(hosted.browser, hosted.server.url);
    await setSlider(page, 'temperature', 0);
    await write(page, 10);
    const shown = (): Promise<string[]> => page.locator('#text-list li .title').allTextContents();
    const plain = await shown();
    const before = hosted.server.received.length;
    // A browser looks for a newer service worker when it likes.
    const asked = (): string[] =>
      hosted.server.received
        .slice(before)
        .map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
        .filter((name) => name !== 'service-worker.js');
    const field = page.getByRole('combobox', { name: 'Community' });
    const button = page.getByRole('button', { name: 'Write titles at once' });
    const complaint = (): Promise<unknown> =>
      page.evaluate("document.querySelector('#community').validationMessage");
    await field.fill('<b>chess');
    await button.click();
    expect(await complaint()).toBe(
      'The model does not know the community <b>chess. Choose one of the list, or let the model learn titles of it below.',
    );
    await field.fill('r/gamdev');
    expect(await complaint()).toMatch(/^The model does not know the community gamdev\. Did you mean gamedev/);
    expect(await page.locator('#community-list option').count()).toBe(2);
    expect(asked()).toEqual([]);
    const ask = async (name: string): Promise<string[]> => {
      await field.fill(name);
      await field.press('Enter');
      const chosen = page.locator('#model option:checked');
      await expect
        .poll(() => chosen.textContent())
        .toBe(`the model as it came, leaning to r/${name.replace(/^r\//i, '').toLowerCase()}`);
      await expect.poll(() => page.locator('#writing-state').textContent()).toMatch(/new titles?[.;]/);
      return shown();
    };
    // The vector of the one is nothing, that of the other drowns all else.
    expect(await ask('r/GAMING')).toEqual(plain);
    expect(asked()).toEqual([expect.stringContaining('communities')]);
    expect(await ask('gamedev')).not.toEqual(plain);
    await expectAccessible(page, 'titles of a community');
    expect(faults).toEqual([]);
    await context.close();
  });

  it('is used by keyboard alone', async () => {
    const { context, page } = await openSite(hosted.browser, hosted.server.url);
    const focused = () => page.evaluate('document.activeElement?.id ?? ""');
    const tabTo = async (id: string): Promise<void> => {
      for (let presses = 0; presses < 60 && (await focused()) !== id; presses++)
        await page.keyboard.press('Tab');
      expect(await focused()).toBe(id);
    };
    await tabTo('paste-summary');
    await page.keyboard.press('Enter');
    await tabTo('pasted');
    await page.keyboard.insertText(titles);
    await tabTo('use-pasted');
    await page.keyboard.press('Enter');
    await page.locator('#titles-read .read').waitFor();
    await expect.poll(focused).toBe('train');
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('learn-summary');
    await page.keyboard.press('Enter');
    await tabTo('steps');
    await page.keyboard.type('5000');
    await tabTo('train');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('stop');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#learning-state').textContent()).toMatch(/^Stopped/);
    await expect.poll(focused).toBe('train');
    expect(await page.locator('#trouble').isVisible()).toBe(false);
    await context.close();
  });

  describe('with hostile files', () => {
    let site: SitePage;
    beforeAll(async () => {
      site = await openSite(hosted.browser, hosted.server.url);
    });

    it.each([
      ['nothing.txt', Buffer.alloc(0), /nothing\.txt: it is empty/],
      ['broken.csv', Buffer.from('title\n"never closed'), /broken\.csv/],
      ['broken.csv.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), /broken\.csv\.gz/],
      ['bomb.txt.gz', gzipSync(Buffer.alloc(2 ** 26, 'a')), /bomb\.txt\.gz/],
      ['picture.txt', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0xff, 0xfe, 0]), /picture\.txt/],
    ])('says in one line what is wrong with %s', async (name, buffer, line) => {
      const { page } = site;
      await page.locator('#file').setInputFiles({ name, mimeType: 'text/plain', buffer });
      await expect.poll(() => page.locator('#trouble').textContent()).toMatch(line);
      const said = await page.locator('#trouble').textContent();
      expect(said).not.toContain('did not foresee');
      expect(said).not.toContain('\n');
      expect(await page.locator('#train').isDisabled()).toBe(true);
    });

    it('says in one line what is wrong with an archive', async () => {
      const { page } = site;
      const buffer = gzipSync('no archive');
      await page
        .locator('#archive')
        .setInputFiles({ name: 'run.tar.gz', mimeType: 'application/gzip', buffer });
      await expect.poll(() => page.locator('#trouble').textContent()).toMatch(/run\.tar\.gz/);
      expect(await page.locator('#trouble').textContent()).not.toContain('did not foresee');
      expect(await page.locator('#run-list li').count()).toBe(0);
    });

    it.each([
      [16_000, undefined],
      [16_020, 'There are 16,020.'],
    ])(
      'says of a list of %i titles whether it learns from all, and how many there are',
      async (count, said) => {
        const { page } = site;
        const list = Array.from({ length: count }, (_, index) => `a title of its own, ${index}`);
        await giveTitles(page, `list of ${count}.txt`, list.join('\n'));
        const shown = await page.locator('#titles-read').textContent();
        expect(shown).toContain('16,000 titles read');
        if (said === undefined) expect(shown).not.toContain('of a list at most');
        else expect(shown).toContain(said);
      },
    );

    it('shows hostile titles as text', async () => {
      const { page, faults } = site;
      const attack = '<img src=x onerror=alert(1)><script>alert(2)</script>';
      await giveTitles(page, '<b>name</b>.txt', `${attack}\nanother title that is long enough`);
      await openDetails(page);
      expect(await page.locator('#titles-read').textContent()).toContain(attack);
      expect(await page.locator('main img, main script, main b').count()).toBe(0);
      expect(faults).toEqual([]);
    });
  });
});
