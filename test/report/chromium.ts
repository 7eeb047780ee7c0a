import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where Chromium is: CHROMIUM, the usual place, or the PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const candidates = [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
  ];
  return candidates.find((path) => path !== undefined && path !== '' && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Arguments for WebGPU on the processor, by SwiftShader. */
export const softwareGpu: readonly string[] = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** @param more arguments beside those of all tests. */
export async function launchChromium(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath,
    timeout: 0,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** A page and everything it did that a report must not do. */
export interface WatchedPage {
  readonly page: Page;
  readonly faults: readonly string[];
}

/**
 * Opens a page. Requests for what does not lie below it, or below `root`, are blocked and, like dialogs and console
 * errors, noted.
 */
export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  root = url,
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  // A busy machine takes its time; tests have a bound of their own.
  context.setDefaultTimeout(0);
  const page = await context.newPage();
  const faults: string[] = [];
  await context.route('**/*', (route) => {
    const wanted = route.request().url();
    if (wanted.startsWith(root) || wanted.startsWith('data:')) return route.continue();
    faults.push(`request: ${wanted}`);
    return route.abort();
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('popup', () => faults.push('popup'));
  await page.goto(url, { waitUntil: 'load' });
  return { page, faults };
}
