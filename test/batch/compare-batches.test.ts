import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { formatBatchPage } from '../../src/batch/batch-folder.js';
import type { BatchRecord, BatchRunRecord, RunFigures } from '../../src/report/batch/batch-record.js';
import { expectAccessible } from '../browser/axe.js';
import { runCli } from '../cli/run-cli.js';
import { findChromium, launchChromium, openWatched } from '../report/chromium.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-batches-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const figures: RunFigures = {
  titles: 1234,
  steps: 300,
  validationLoss: 4.126,
  verdict: 'leans',
  copyShare: 0.5,
  generated: 200,
  accepted: 90,
  bitsPerByte: 1.2,
};
const run = (name: string, changed: Partial<RunFigures> | null, more: Partial<BatchRunRecord> = {}) => ({
  name,
  subreddit: name,
  status: 'done' as const,
  attempts: 1,
  seconds: 75,
  error: null,
  figures: changed && { ...figures, ...changed },
  refusals: { 'near copy': 100, repeat: 10 },
  report: `${name}/report.html`,
  ...more,
});
const batch = (file: string, runs: readonly BatchRunRecord[]): BatchRecord => ({
  format: 1,
  titlesmithVersion: '1.0.0',
  file,
  plan: 'x',
  shard: null,
  startedAt: '2026-11-23T03:00:00.000Z',
  finishedAt: '2026-11-23T04:00:00.000Z',
  seconds: 5130,
  runs,
  previous: null,
});
const before = batch('<b>old</b>.yaml', [
  run('aww', {}),
  run('same', { copyShare: 0.05 }),
  run('gone', {}),
  run('early', { bitsPerByte: null, copyShare: null }),
]);
const after = batch('new.yaml', [
  run('aww', { verdict: 'healthy', copyShare: 0.01, accepted: 180, bitsPerByte: 1.1 }),
  run('same', { copyShare: 0.06 }),
  run('fresh', null, { status: 'failed', error: { code: 'x', message: 'm', hint: null } }),
  run('early', {}),
]);

beforeAll(() => {
  for (const [name, record] of Object.entries({ before, after })) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'batch.json'), JSON.stringify(record));
  }
  writeFileSync(join(folder, 'broken.json'), '{}');
});

test('batches are compared by the names of their runs, and a change is said to be one only beyond chance', async () => {
  const line = ['batch', 'compare', 'before', 'after/batch.json', '--page', 'c.html'];
  const { code, output, errors } = await runCli(line, folder);
  expect([code, errors]).toEqual([0, '']);
  expect(output).toMatch(
    /^aww +leans on its training titles → writes titles of its own +1\.200 → 1\.100 +50\.0% → 1\.0% +90 → 180$/m,
  );
  expect(output).toMatch(/^gone +leans on its training titles → not in it +1\.200 → – /m);
  expect(output).toMatch(/^fresh +not in it → failed +– +– +–$/m);
  expect(output).toContain(
    '3 of 5 runs are in both, 1 only in the earlier, 1 only in the later, by their names.',
  );
  // Computed apart: roots of the score test by bisection, then Newcombe's rule.
  expect(output).toMatch(/^ {2}aww: fewer copies: −49\.0 points, 95% from −55\.9 to −41\.7$/m);
  expect(output).toMatch(/^ {2}same: no change beyond chance: \+1\.0 points, 95% from −3\.7 to \+5\.8$/m);
  const page = readFileSync(join(folder, 'c.html'), 'utf8');
  expect(page.match(/class="change better"/g)).toHaveLength(1);
  expect(page).not.toContain('class="change worse"');
  expect(page).not.toContain('<b>old');
  const json = JSON.parse((await runCli([...line, '--json'], folder)).output);
  expect(json.runs.map(({ name }: { name: string }) => name)).toEqual([
    'aww',
    'same',
    'fresh',
    'early',
    'gone',
  ]);
  expect(json.runs[3]).toMatchObject({ copies: null, after: { figures: { bitsPerByte: 1.2 } } });
});

test.each([
  [['before', 'nowhere'], 'nowhere is no batch: there is no batch.json.'],
  [
    ['before', 'broken.json'],
    'broken.json is damaged: it is no record of a batch. Name a folder that --runs-dir named,',
  ],
  [['before', 'after', '--page', 'before/batch.json'], 'which is no name of a page.'],
  [['before'], 'batch compare needs <after>.'],
])('batch compare %j is refused in one line', async (words, message) => {
  const { code, output, errors } = await runCli(['batch', 'compare', ...words], folder);
  expect(code).not.toBe(0);
  expect(output).toBe('');
  expect(errors).toContain(message);
});

const executable = findChromium();
describe.skipIf(executable === undefined)('the pages of batches in Chromium', () => {
  it('are for keyboards and screen readers too, and fit a phone', async () => {
    const browser = await launchChromium(executable!);
    try {
      const refused = [
        run('aww', {}),
        ...after.runs,
        ...Array.from({ length: 6 }, (_, i) => run(`run-${i}`, {})),
      ];
      writeFileSync(join(folder, 'batch.html'), formatBatchPage(batch('weekly.yaml', refused)));
      for (const name of ['batch.html', 'c.html']) {
        const url = pathToFileURL(join(folder, name)).href;
        for (const [width, colorScheme] of [
          [1200, 'light'],
          [1200, 'dark'],
          [360, 'light'],
          [360, 'dark'],
        ] as const) {
          const options = { viewport: { width, height: 800 }, colorScheme };
          const { page, faults } = await openWatched(browser, url, options);
          await expectAccessible(page, `${name}, ${width} wide, ${colorScheme}`);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          expect(faults).toEqual([]);
          await page.close();
        }
      }
    } finally {
      await browser.close();
    }
  });
});
