import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { findChromium, launchChromium } from '../report/chromium.js';
import { writeTinyModel } from './tiny-model.js';
import { openWorkerPage } from './worker-page.js';

const executable = findChromium();
const page = readFileSync(join(packageRoot, 'docs/browser.md'), 'utf8');
const [, example = ''] = /^```js\n([\s\S]*?)^```$/m.exec(page) ?? [];

/** In the repository, where the example's import is found. */
mkdirSync(join(packageRoot, '.cache'), { recursive: true });
const folder = mkdtempSync(join(packageRoot, '.cache', 'browser-example-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shipped = (path: string): Buffer<ArrayBuffer> => readFileSync(join(packageRoot, path));
const ofModel = ['config.json', 'model.safetensors', 'vocab.json', 'merges.txt'];

describe.skipIf(executable === undefined)('docs/browser.md', () => {
  test('has an example that makes a whole run in Chromium, here of a tiny model in the place of the base model', async () => {
    const entry = join(folder, 'worker.js');
    writeFileSync(join(folder, 'example.js'), example);
    const tasks = JSON.stringify(join(packageRoot, 'test/browser/worker-tasks.ts'));
    const start = "answerTasks({ start: () => import('./example.js').then(() => 'done') });";
    writeFileSync(entry, `import { answerTasks } from ${tasks};\n${start}\n`);
    await writeTinyModel(folder);
    const files = new Map(ofModel.map((name) => [`assets/${name}`, readFileSync(join(folder, name))]));
    files.set('assets/fingerprints.bin', shipped('data/base/fingerprints.bin'));
    for (const name of ['report.css', 'report.js'])
      files.set(`assets/${name}`, shipped(`dist/client/${name}`));
    const browser = await launchChromium(executable!);
    try {
      const opened = await openWorkerPage(browser, { entry: relative(packageRoot, entry), files });
      const lines: string[] = [];
      opened.page.on('console', (message) => lines.push(message.text()));
      expect(await opened.call('start')).toBe('done');
      expect(lines.filter((line) => line.startsWith('kept'))).toEqual([
        "kept true kept in this site's own file system",
      ]);
      expect(lines.filter((line) => /^titles 60 \d+ \d+$/.test(line))).toHaveLength(1);
      expect(lines.filter((line) => /^step \d true/.test(line)).length).toBeGreaterThan(0);
      expect(lines.filter((line) => line.startsWith('text '))).toHaveLength(6);
      expect(lines.at(-1)).toMatch(/^done 6 \w+ true 1$/);
      expect(opened.faults).toEqual([]);
      await opened.close();
    } finally {
      await browser.close();
    }
  });
});
