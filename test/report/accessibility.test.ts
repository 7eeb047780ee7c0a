import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exactShare } from '../../src/dedupe/canary-findings.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { buildReport } from '../../src/report/build-report.js';
import { expectAccessible, openDetails } from '../browser/axe.js';
import { madeUpLosses } from '../dedupe/verdict/made-up-losses.js';
import { findChromium, launchChromium, openWatched } from './chromium.js';
import { exampleInput, inventTitles, reportPage } from './example.js';

const executable = findChromium();
if (executable === undefined) {
  console.log('Skipped: axe on the report. No Chromium found; install it or set CHROMIUM to it.');
}

/** A page with every section that a report can have. */
async function wholeReport(): Promise<string> {
  const train = inventTitles(300, 'train');
  const input = await exampleInput({
    outputs: [
      ...inventTitles(25, 'outputs'),
      ...train.slice(0, 3),
      ...train.slice(0, 2),
      `${train[4]} lately`,
      train[5]!.toUpperCase(),
      'Look at hedgehog 1',
      'Look at hedgehog 1',
      '',
      'Two\nlines',
    ],
    train,
    heldOut: inventTitles(30, 'held out'),
    synthetic: true,
    baseTitles: { size: 2e6, falsePositiveRate: 2 ** -14, has: (title) => title.startsWith('Look at') },
    canaries: {
      passes: 6.25,
      references: 1999,
      groups: [
        { repeats: 1, total: 60, known: exactShare(6, 60), exposure: 3.25, traced: exactShare(40, 60) },
      ],
    },
  });
  const { judgement, counts } = input;
  const overfit = overfitStatistics(judgement.verdicts, judgement.heldOut, {
    losses: madeUpLosses({ trigram: 10, start: 5 }),
  });
  const generate = {
    ...counts.generate!,
    turnedAway: { titles: 3, draws: 4 },
    chosen: { titles: 50, others: 9 },
  };
  return reportPage(buildReport({ ...input, overfit, counts: { ...counts, generate } }));
}

describe.skipIf(executable === undefined)('the report, as axe sees it', () => {
  let browser: Browser;
  let folder: string;
  let address: string;

  beforeAll(async () => {
    browser = await launchChromium(executable!);
    folder = await mkdtemp(join(tmpdir(), 'titlesmith-report-'));
    await writeFile(join(folder, 'report.html'), await wholeReport());
    address = pathToFileURL(join(folder, 'report.html')).href;
  });
  afterAll(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const sections = (page: Page) =>
    page
      .locator('section[aria-labelledby]')
      .evaluateAll((found) => found.map((node) => node.getAttribute('aria-labelledby')));

  it.each([
    ['light', 1200],
    ['light', 390],
    ['dark', 1200],
    ['dark', 390],
  ] as const)('breaks no rule with every section, %s, %d wide', async (colorScheme, width) => {
    const { page } = await openWatched(browser, address, { colorScheme, viewport: { width, height: 844 } });
    expect(await sections(page)).toEqual([
      'measures',
      'learned',
      'refusals',
      'wordings',
      'canaries',
      'training',
      'ratings',
      'base-titles',
      'accepted',
      'pairs',
      'held-out-pairs',
      'clusters',
      'rejected',
      'counts',
      'decided',
    ]);
    await openDetails(page);
    // The headline has the colour of its verdict: all of them, for one look.
    await page.evaluate(`const headline = document.querySelector('h1');
      for (const verdict of ['healthy', 'leans', 'underfits', 'overfits', 'unknown']) {
        const other = headline.cloneNode(true);
        other.className = verdict;
        headline.after(other);
      }`);
    await expectAccessible(page, `the report, ${colorScheme}, ${width} wide`);
  });
});
