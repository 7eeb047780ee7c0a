import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A page of the site, and what went wrong on it. */
export interface SitePage {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly faults: string[];
}

/** Notes what a page of the site must not do: ask another host, fail, complain on the console, or hold its main thread. */
function watch(page: Page, url: string, faults: string[]): void {
  page.on('request', (request) => {
    const wanted = request.url();
    if (!wanted.startsWith(url) && !/^(?:data|blob):/.test(wanted)) faults.push(`request: ${wanted}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
}

/** Opens the site in a context of its own, and waits until it is isolated and may be used. */
export async function openSite(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<SitePage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  // A busy machine takes its time; tests have a bound of their own.
  context.setDefaultTimeout(0);
  return { context, ...(await openTab(context, url)) };
}

/** Opens the site in a further tab of a context. */
export async function openTab(context: BrowserContext, url: string): Promise<Omit<SitePage, 'context'>> {
  const page = await context.newPage();
  const faults: string[] = [];
  watch(page, url, faults);
  await page.goto(url);
  await untilReady(page);
  return { page, faults };
}

/** Waits until the page may be used: it may load itself once more before. */
export async function untilReady(page: Page): Promise<void> {
  await page.locator('html[data-ready]').waitFor({ state: 'attached' });
}

/** Gives titles by the file chooser, and waits until they were read. */
export async function giveTitles(page: Page, name: string, content: string | Buffer): Promise<void> {
  const buffer = typeof content === 'string' ? Buffer.from(content) : content;
  await page.locator('#file').setInputFiles({ name, mimeType: 'text/plain', buffer });
  await expect.poll(() => page.locator('#titles-read strong').allTextContents()).toEqual([name]);
}

/** Trains for some steps, to the end. */
export async function learn(page: Page, steps: number): Promise<void> {
  await page.locator('#learn-settings').evaluate((details) => details.setAttribute('open', ''));
  await page.locator('#steps').fill(String(steps));
  await page.locator('#train').click();
  await expect.poll(() => page.locator('#learning-state').textContent()).toMatch(/^Learned in /);
}

/** Sets a slider as a key press would. */
export async function setSlider(page: Page, id: string, value: number): Promise<void> {
  await page.locator(`#${id}`).evaluate((input, wanted) => {
    (input as unknown as { value: string }).value = String(wanted);
    input.dispatchEvent(new Event('input'));
  }, value);
}

/** Lets it write titles, and waits until they are compared. */
export async function write(page: Page, count: number): Promise<void> {
  await setSlider(page, 'count', count);
  await setSlider(page, 'length', 8);
  await page.locator('#generate').click();
  await expect.poll(() => page.locator('#writing-state').textContent()).toMatch(/new titles?[.;]/);
}
