import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../report/chromium.js';
import { expectAccessible } from './axe.js';

const executable = findChromium();
if (executable === undefined) {
  console.log('Skipped: axe in Chromium. No Chromium found; install it or set CHROMIUM to it.');
}

/** A page without a fault, but for what stands in `main`. */
const pageOf = (main: string): string => `<!doctype html><html lang="en"><head><title>Weeds</title></head>
<body><main><h1>Weeds</h1><p>Text enough to be read.</p>
<label>Search <input type="search"></label><ul><li>One</li></ul>${main}</main></body></html>`;

describe.skipIf(executable === undefined)('expectAccessible', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(() => browser?.close());

  async function look(markup: string): Promise<void> {
    const page = await browser.newPage();
    await page.setContent(markup);
    await expectAccessible(page, 'a page').finally(() => page.close());
  }

  it('lets a page without a fault pass', () => look(pageOf('')));

  it.each([
    ['color-contrast', '<p style="color: #bbb">Too pale to read.</p>'],
    ['label', '<input>'],
    ['button-name', '<button></button>'],
    ['target-size', '<button style="all: unset">a</button><button style="all: unset">b</button>'],
    ['heading-order', '<h4>Out of order</h4>'],
  ])('finds %s', async (rule, fault) => {
    await expect(look(pageOf(fault))).rejects.toThrow(rule);
  });

  it('takes no empty page for a page without a fault', async () => {
    await expect(look('')).rejects.toThrow('in a page');
  });
});
