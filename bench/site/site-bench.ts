import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import type { Browser } from 'playwright-core';
import { cleanTitle } from '../../src/data/cleaning/clean-titles.js';
import { packageRoot } from '../../src/io/package-root.js';
import type { WebDevice } from '../../src/model/engine/onnxruntime-web/web-engine.js';
import { openWorkerPage, type WorkerPage } from '../../test/browser/worker-page.js';
import { findChromium, launchChromium, softwareGpu } from '../../test/report/chromium.js';
import { type BaseInput, baseFiles, type Files } from './base-work.js';

export interface SiteOptions {
  readonly titles: readonly string[];
  readonly steps: number;
  readonly texts: number;
  readonly rounds: number;
  readonly threads: number;
  /** Whether WebGPU takes part, which SwiftShader emulates where there is no card. */
  readonly webgpu: boolean;
  /** Of training, in place of what the base model takes by default. */
  readonly chosen: BaseInput['chosen'];
}

function sampleTitles(): string[] {
  const posts = gunzipSync(readFileSync(join(packageRoot, 'data/sample-posts.ndjson.gz'))).toString();
  return posts
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { title: string }).title);
}

/** Titles of a CSV's column `title`, or of the sample. */
export function readSiteOptions(steps: string): SiteOptions {
  const { values } = parseArgs({
    options: {
      input: { type: 'string' },
      titles: { type: 'string', default: '1000' },
      steps: { type: 'string', default: steps },
      texts: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '2' },
      threads: { type: 'string', default: '2' },
      webgpu: { type: 'boolean', default: false },
      dropout: { type: 'string' },
      'batch-size': { type: 'string' },
    },
  });
  const { input, dropout, 'batch-size': batchSize } = values;
  const read = input
    ? (parse(readFileSync(input), { columns: true }) as { title: string }[]).map(({ title }) => title)
    : sampleTitles();
  const cleaned = read.flatMap((title) => {
    const result = cleanTitle(title);
    return 'title' in result ? [result.title] : [];
  });
  const titles = [...new Set(cleaned)].slice(0, Number(values.titles));
  return {
    titles,
    steps: Number(values.steps),
    texts: Number(values.texts),
    rounds: Number(values.rounds),
    threads: Number(values.threads),
    webgpu: values.webgpu,
    chosen: {
      ...(dropout === undefined ? {} : { dropout: Number(dropout) }),
      ...(batchSize === undefined ? {} : { batchSize: Number(batchSize) }),
    },
  };
}

export const readBase = (): Files =>
  new Map(baseFiles.map((name) => [name, readFileSync(join(packageRoot, 'data/base', name))]));

/** A page in a browser of its own, whose worker has the base model and an engine. */
export async function openSite(
  device: WebDevice,
  threads: number,
): Promise<{ readonly page: WorkerPage; readonly close: () => Promise<void> }> {
  const executable = findChromium();
  if (executable === undefined) throw new Error('Chromium is not here: .ci/install-test-tools installs it.');
  const browser: Browser = await launchChromium(executable, device === 'webgpu' ? softwareGpu : []);
  const page = await openWorkerPage(browser, { entry: 'bench/site/site-worker.ts', files: readBase() });
  await page.call('open', { device, threads });
  return {
    page,
    close: async () => {
      await page.close();
      await browser.close();
    },
  };
}
