import { describe, expect, it } from 'vitest';
import { madeUpTitles } from '../cli/titles.js';
import { findChromium, softwareGpu } from '../report/chromium.js';
import { giveTitles, openSite } from './open-site.js';
import { siteInChromium } from './site-in-chromium.js';

const executable = findChromium();
// On a processor that emulates a card, kernels are compiled for minutes.
const isWanted = process.env['TITLESMITH_TEST_WEBGPU'] !== undefined;
if (!isWanted || executable === undefined)
  console.log(
    'Skipped: a graphics card that the browser takes from the page. It needs Chromium, and TITLESMITH_TEST_WEBGPU=1.',
  );

describe.skipIf(!isWanted || executable === undefined)('a page whose graphics card is taken away', () => {
  // A step takes half a minute.
  const slow = { timeout: 900_000 };
  const hosted = siteInChromium(executable, softwareGpu);

  it('says so, and goes on: with the card again, and then with the processor', async () => {
    const { context, page } = await openSite(hosted.browser, hosted.server.url);
    const devTools = await hosted.browser.newBrowserCDPSession();
    const state = () => page.locator('#learning-state').textContent();
    const trouble = () => page.locator('#trouble').textContent();
    const loseCard = () => devTools.send('Browser.crashGpuProcess' as 'Browser.close').catch(() => {});
    const worker = page.waitForEvent('worker');
    await giveTitles(page, 'titles.txt', madeUpTitles(80).join('\n'));
    // The page takes no card that is emulated, unless the browser calls it a real one.
    await (await worker).evaluate(
      "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false })",
    );
    await page.locator('#learn-settings').evaluate((details) => details.setAttribute('open', ''));
    await page.locator('#steps').fill('30');
    await page.locator('#train').click();
    await expect.poll(state, slow).toMatch(/step [1-9]\d* of 30/);
    await loseCard();
    await expect
      .poll(trouble, slow)
      .toMatch(
        /^The browser took the graphics card away.*What was saved is still there: go on, or try again\.$/,
      );
    await page.locator('#go-on:enabled').click();
    await expect.poll(state, slow).toMatch(/step [1-9]\d* of 30/);
    await loseCard();
    await expect
      .poll(trouble, slow)
      .toMatch(/go on, or try again, and the processor computes from then on\.$/);
    await page.locator('#go-on:enabled').click();
    await expect.poll(state, slow).toMatch(/^Learned in .* 30 steps/);
    expect(await page.locator('#facts').textContent()).toMatch(
      /^It computes with WebAssembly .*: the browser took the graphics card away more than once\./,
    );
    await context.close();
  });
});
