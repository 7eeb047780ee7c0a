import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readClientBundle } from '../../src/io/client-bundle.js';
import type { ComparedRun, Comparison } from '../../src/report/comparison/comparison.js';
import { renderComparison } from '../../src/report/comparison/comparison-page.js';
import { expectAccessible } from '../browser/axe.js';
import { findChromium, launchChromium, openWatched } from './chromium.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-comparison-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const attack = '"><img src=x onerror=alert(1)></title></style><script>alert(1)</script>';
const run = (name: string, losses: readonly number[]): ComparedRun => ({
  name,
  verdict: losses.length > 0 ? 'leans' : undefined,
  heldOut: losses.map((loss, index) => ({ step: 50 * index, loss })),
  unit: 'bits a byte',
  bestStep: 50,
  accepted: [`${attack} ${name}`, 'W'.repeat(290)],
});

/** Eight runs, which are more than there are colours. */
const comparison: Comparison = {
  titlesmithVersion: '1.0.0',
  runs: [
    run(attack, [2.2, 1.9, 1.95]),
    run('none yet', []),
    ...Array.from({ length: 6 }, (_, i) => run(`r${i}`, [2, 1.5])),
  ],
  figures: [['verdict', [attack, null, ...'abcdef']]],
  options: [['--model', Array.from({ length: 8 }, () => attack)]],
  sameTokens: true,
  differences: [
    {
      name: 'r0',
      against: attack,
      titles: 96,
      bits: { value: -0.0214, low: -0.04, high: -0.003 },
      reason: null,
    },
    {
      name: 'r1',
      against: attack,
      titles: 96,
      bits: { value: 0.0214, low: 0.003, high: 0.04 },
      reason: null,
    },
    {
      name: 'r2',
      against: attack,
      titles: 96,
      bits: { value: 0.0001, low: -0.003, high: 0.003 },
      reason: null,
    },
    { name: attack, against: attack, titles: 0, bits: null, reason: attack },
  ],
  notes: ['Their tokens are not the same: compare bits a byte, not perplexities.'],
};
const page = renderComparison(comparison, readClientBundle('comparison.css'));

test('a run has its verdict, its line and its titles; one that was not trained has none', () => {
  expect(page).toContain('no report yet');
  // Each chart is drawn twice.
  expect(page.match(/<path class="line" d="M/g)).toHaveLength(2 * 7);
  expect(page.match(/<g class="run-0 dashed">/g)).toHaveLength(2);
  expect(page.includes('r0 goes from 2.00 to 1.50 bits a byte in 50 steps')).toBe(true);
  expect(renderComparison(comparison, readClientBundle('comparison.css'))).toBe(page);
});

test('a difference is called one only where its interval says so', () => {
  const text = page.replace(/<[^>]+>/g, '').replace(/\s+/g, ' ');
  expect(text).toContain('r0 predicts them better −0.021, 95% from −0.040 to −0.003; 96 titles');
  expect(text).toContain('r1 predicts them worse +0.021, 95% from +0.003 to +0.040; 96 titles');
  expect(text).toContain('r2 no difference beyond chance 0.000, 95% from −0.003 to +0.003; 96 titles');
  expect(text).toContain('not compared: &quot;&gt;&lt;img');
  expect(renderComparison({ ...comparison, differences: [] }, '')).not.toContain('one by one');
});

test('of any number of runs each has a line of its own looks, or a panel', () => {
  for (const count of [12, 13, 60]) {
    const runs = Array.from({ length: count }, (_, i) => run(`r${i}`, [2 + i / 100, 1.5]));
    const drawn = renderComparison({ ...comparison, runs, differences: [] }, '');
    const looks = [...drawn.matchAll(/<span class="key ([^"]+)">/g)].map(([, name]) => name);
    expect(new Set(looks).size).toBe(looks.length);
    expect(looks).toHaveLength(count > 12 ? 0 : count);
    const panels = [...drawn.matchAll(/class="chart panel"[^>]*aria-label="([^"]+)"/g)].map(
      ([, said]) => said,
    );
    expect(panels).toHaveLength(count > 12 ? count : 0);
    expect(new Set(panels).size).toBe(panels.length);
  }
});

test('losses in two units are not drawn over each other', () => {
  const [first, , third] = comparison.runs;
  const runs = [first!, { ...third!, unit: 'bits a token' as const }];
  const other = renderComparison({ ...comparison, runs }, readClientBundle('comparison.css'));
  expect(other).toContain('Not drawn: the losses of some are in bits a byte');
  expect(other).not.toContain('<svg class="chart');
  const inTokens = [first!, third!].map((one) => ({ ...one, unit: 'bits a token' as const }));
  for (const [sameTokens, isDrawn] of [
    [true, true],
    [false, false],
    [null, false],
  ] as const) {
    const drawn = renderComparison({ ...comparison, sameTokens, runs: inTokens }, '');
    expect(drawn.includes('<svg class="chart')).toBe(isDrawn);
  }
});

const executable = findChromium();
test.skipIf(executable === undefined)('it runs nothing of what it shows, and fits a phone', async () => {
  writeFileSync(join(folder, 'page.html'), page);
  const browser = await launchChromium(executable!);
  try {
    const many = Array.from({ length: 14 }, (_, i) => run(`r${i}`, [2 + i / 100, 1.5]));
    const panels = renderComparison({ ...comparison, runs: many }, readClientBundle('comparison.css'));
    writeFileSync(join(folder, 'panels.html'), panels);
    for (const [width, colorScheme, name] of [
      [360, 'light', 'page'],
      [360, 'dark', 'panels'],
      [1200, 'light', 'panels'],
      [1200, 'dark', 'page'],
    ] as const) {
      const url = pathToFileURL(join(folder, `${name}.html`)).href;
      const { page: opened, faults } = await openWatched(browser, url, {
        viewport: { width, height: 800 },
        colorScheme,
      });
      await expectAccessible(opened, `a comparison, ${name}, ${width} wide, ${colorScheme}`);
      expect(faults).toEqual([]);
      expect(await opened.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      expect(await opened.locator('img').count()).toBe(0);
      await opened.close();
    }
  } finally {
    await browser.close();
  }
});
