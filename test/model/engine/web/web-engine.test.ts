import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkerPage, type WorkerPage } from '../../../browser/worker-page.js';
import { findChromium, launchChromium } from '../../../report/chromium.js';
import { caseInputs } from '../../graph/case-inputs.js';
import { opCases } from '../../graph/cases.js';
import { evaluate } from '../../graph/reference.js';
import type { CaseOutcome } from './engine-worker.js';

const executable = findChromium();
const seed = 7;
const tolerance = 5e-6;

describe.skipIf(executable === undefined)('the engine in Chromium', () => {
  let browser: Browser;
  let page: WorkerPage;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
    page = await openWorkerPage(browser, { entry: 'test/model/engine/web/engine-worker.ts' });
  });
  afterAll(async () => {
    await page?.close();
    await browser?.close();
  });

  it('computes every op', async () => {
    expect(await page.call('open', { device: 'wasm' })).toBe('onnxruntime-web wasm');
    const outcomes = await page.call<readonly CaseOutcome[]>('cases', { seed });
    const cases = Object.values(opCases).flat();
    expect(outcomes.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    const wrong = cases.flatMap((opCase, index) => {
      const { output, error } = outcomes[index]!;
      const { tensors, feeds } = caseInputs(opCase, seed);
      const [expected] = evaluate([opCase.build(...tensors)], feeds);
      const worst = Math.max(
        ...expected!.map((value, element) => Math.abs(output[element]! - value) / (1 + Math.abs(value))),
      );
      return worst < tolerance ? [] : [`${opCase.name}: ${error ?? worst}`];
    });
    expect(wrong).toEqual([]);
    expect(page.faults).toEqual([]);
  });
});
