import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkerPage, type WorkerPage } from '../../../browser/worker-page.js';
import { findChromium, launchChromium } from '../../../report/chromium.js';
import { caseInputs } from '../../graph/case-inputs.js';
import { opCases } from '../../graph/cases.js';
import { evaluate } from '../../graph/reference.js';
import { testEngine } from '../../test-engine.js';
import type { CaseOutcome } from './engine-worker.js';
import { generateSmall, trainSmall } from './small-work.js';
import type { Generated, Trained } from './web-work.js';

const executable = findChromium();
const seed = 7;
const tolerance = 5e-6;
const entry = 'test/model/engine/web/engine-worker.ts';

describe.skipIf(executable === undefined)('the engine in Chromium', () => {
  let browser: Browser;
  let page: WorkerPage;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
    page = await openWorkerPage(browser, { entry });
    expect(await page.call('open', { device: 'wasm' })).toBe('onnxruntime-web wasm');
  });
  afterAll(async () => {
    await page?.close();
    await browser?.close();
  });

  it('computes every op, under a policy that allows no code but files of the page', async () => {
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

  it('trains 20 steps as the processor does', async () => {
    const [received, expected] = [await page.call<Trained>('train'), await trainSmall(testEngine)];
    expect(expected.lines.filter(({ loss }) => loss !== undefined)).toHaveLength(20);
    expect(received.lines.map(({ step }) => step)).toEqual(expected.lines.map(({ step }) => step));
    for (const [line, { loss, gradientNorm, validationLoss }] of expected.lines.entries()) {
      const found = received.lines[line]!;
      for (const [value, wanted] of [
        [found.loss, loss],
        [found.gradientNorm, gradientNorm],
        [found.validationLoss, validationLoss],
      ]) {
        if (wanted === undefined) expect(value).toBeUndefined();
        else expect(Math.abs(value! / wanted - 1)).toBeLessThan(1e-4);
      }
    }
  });

  it('generates the likeliest texts of the processor, slots refilled and moved', async () => {
    const [received, expected] = [await page.call<Generated>('generate'), await generateSmall(testEngine)];
    expect(new Set(expected.texts).size).toBeGreaterThan(3);
    expect(received.texts).toEqual(expected.texts);
  });

  it('says how many threads it has, and why', async () => {
    const isolated = await page.call<{ readonly threads: number }>('find');
    expect(isolated).toEqual({
      device: 'wasm',
      threads: expect.any(Number),
      reason: 'as many as the browser says that there are processors',
    });
    const open = await openWorkerPage(browser, { entry, isolated: false });
    expect(await open.call('find')).toEqual({
      device: 'wasm',
      threads: 1,
      reason: 'the page is not isolated from other origins',
    });
    expect(await open.call('open', { device: 'wasm' })).toBe('onnxruntime-web wasm');
    const { texts } = await open.call<Generated>('generate');
    expect(texts).toHaveLength(8);
    expect(open.faults).toEqual([]);
    await open.close();
  });
});
