import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../data/sources/helpers.js';
import { findChromium } from '../report/chromium.js';
import type { TrainedRun } from './run-worker.js';
import { tinyTitles, writeTinyModel } from './tiny-model.js';
import { callWorker, serveWorkerPage } from './worker-page.js';

const executable = findChromium();
const folder = temporaryFolder();
/** The step at which the browser is killed, between two saves. */
const killedAt = 12;

/** A browser with a profile on disk, as people have one, which can be killed as a whole. */
class KillableBrowser {
  private constructor(
    private readonly child: ChildProcess,
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async open(url: string): Promise<KillableBrowser> {
    const profile = `--user-data-dir=${join(folder, 'profile')}`;
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--remote-debugging-port=0',
    ];
    // A process group of its own, so that all its processes die at once.
    const child = spawn(executable!, [...flags, profile, 'about:blank'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const endpoint = await new Promise<string>((resolve, reject) => {
      createInterface(child.stderr!).on('line', (line) => {
        const [, address] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
        if (address !== undefined) resolve(address);
      });
      child.once('exit', () => reject(new Error('Chromium ended before it listened.')));
    });
    const browser = await chromium.connectOverCDP(endpoint, { timeout: 0 });
    const page = await browser.contexts()[0]!.newPage();
    await page.goto(url);
    return new KillableBrowser(child, browser, page);
  }

  /** Ends all its processes, without a chance to save anything. */
  async kill(): Promise<void> {
    const ended = once(this.child, 'exit');
    process.kill(-this.child.pid!, 'SIGKILL');
    await ended;
    await this.browser.close();
  }
}

describe.skipIf(executable === undefined)('a browser that is killed in the middle of a training', () => {
  let served: Awaited<ReturnType<typeof serveWorkerPage>>;

  beforeAll(async () => {
    const tiny = join(folder, 'tiny');
    await writeTinyModel(tiny);
    const files = new Map<string, Uint8Array>(
      (await readdir(tiny)).map((name) => [name, readFileSync(join(tiny, name))]),
    );
    files.set('titles.csv', Buffer.from(`title\n${tinyTitles(150).join('\n')}\n`));
    served = await serveWorkerPage({ entry: 'test/browser/run-worker.ts', files });
  });
  afterAll(() => served?.close());

  test('goes on where it was saved, and ends with the bytes of one that was not', async () => {
    const url = `${served.root}page.html`;
    const first = await KillableBrowser.open(url);
    const reached = new Promise<void>((resolve) => {
      first.page.on('console', (message) => {
        if (message.text() === `step ${killedAt}`) resolve();
      });
    });
    const training = callWorker<TrainedRun>(first.page, 'train', { isKept: true });
    await Promise.race([reached, training]);
    const cut = training.then(
      () => 'it ended',
      () => 'it was cut short',
    );
    await first.kill();
    expect(await cut).toBe('it was cut short');

    const second = await KillableBrowser.open(url);
    const resumed = await callWorker<TrainedRun>(second.page, 'train', { isKept: true });
    const whole = await callWorker<TrainedRun>(second.page, 'train', { isKept: false });
    await second.kill();
    expect(resumed).toMatchObject({ before: 'running', areKept: true });
    expect(resumed.notes.join('\n')).toMatch(/^Resuming training at step (10|15|20)\.$/m);
    expect(whole.areKept).toBe(false);
    expect(whole.notes.join('\n')).not.toContain('Resuming');
    expect(Object.keys(whole.files)).toEqual(
      expect.arrayContaining([
        'checkpoint/model.safetensors',
        'title-losses.json',
        'samples/step-000024.txt',
      ]),
    );
    expect(resumed.files).toEqual(whole.files);
    expect(resumed.metrics).toEqual(whole.metrics);
  });
});
