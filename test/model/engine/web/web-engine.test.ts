import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkerPage, type WorkerPage } from '../../../browser/worker-page.js';
import { findChromium, launchChromium, softwareGpu } from '../../../report/chromium.js';
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
/** Fused where the browser has relaxed SIMD. */
const processorName = /^onnxruntime-web wasm( fused)?$/;

/** The cases that came out otherwise than the reference, with how far they are off. */
function wrongCases(outcomes: readonly CaseOutcome[]): readonly string[] {
  const cases = Object.values(opCases).flat();
  expect(outcomes.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
  return cases.flatMap((opCase, index) => {
    const { output, error } = outcomes[index]!;
    const { tensors, feeds } = caseInputs(opCase, seed);
    const [expected] = evaluate([opCase.build(...tensors)], feeds);
    const worst = Math.max(
      ...expected!.map((value, element) => Math.abs(output[element]! - value) / (1 + Math.abs(value))),
    );
    return worst < tolerance ? [] : [`${opCase.name}: ${error ?? worst}`];
  });
}

/** 20 steps give the losses and norms of Node's processor, to 1e-4. */
async function expectSameTraining(page: WorkerPage): Promise<void> {
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
}

async function expectSameTexts(page: WorkerPage): Promise<void> {
  const [received, expected] = [await page.call<Generated>('generate'), await generateSmall(testEngine)];
  expect(new Set(expected.texts).size).toBeGreaterThan(3);
  expect(received.texts).toEqual(expected.texts);
}

describe.skipIf(executable === undefined)('the engine in Chromium', () => {
  let browser: Browser;
  let page: WorkerPage;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
    page = await openWorkerPage(browser, { entry });
    expect(await page.call('open', { device: 'wasm' })).toMatch(processorName);
  });
  afterAll(async () => {
    await page?.close();
    await browser?.close();
  });

  it('computes every op, under a policy that allows no code but files of the page', async () => {
    expect(wrongCases(await page.call('cases', { seed }))).toEqual([]);
    expect(page.faults).toEqual([]);
  });

  it('trains 20 steps as the processor does', () => expectSameTraining(page));

  it('generates the likeliest texts of the processor, slots refilled and moved', () => expectSameTexts(page));

  it('says what it has, and why', async () => {
    const found = { device: 'wasm', threads: expect.any(Number), reason: expect.any(String) };
    expect(await page.call('find')).toEqual({
      ...found,
      threadsReason: 'as many as the browser says that there are processors',
    });
    const open = await openWorkerPage(browser, { entry, isolated: false });
    expect(await open.call('find')).toEqual({
      ...found,
      threads: 1,
      threadsReason: 'the page is not isolated from other origins',
    });
    expect(await open.call('open', { device: 'wasm' })).toMatch(processorName);
    const { texts } = await open.call<Generated>('generate');
    expect(texts).toHaveLength(8);
    expect(open.faults).toEqual([]);
    await open.close();
  });
});

describe.skipIf(executable === undefined)('the engine in Chromium with WebGPU', () => {
  let browser: Browser;
  let page: WorkerPage;
  beforeAll(async () => {
    browser = await launchChromium(executable!, softwareGpu);
    page = await openWorkerPage(browser, { entry });
  });
  afterAll(async () => {
    await page?.close();
    await browser?.close();
  });

  it('is not chosen where the processor emulates the card', async () => {
    const { device, reason } = await page.call<{ device: string; reason: string }>('find');
    expect(device).toBe('wasm');
    expect(reason).toMatch(/WebGPU computes on the processor here|the browser has no WebGPU/);
  });

  it('says that the browser took the card away, ends what waits for it, and can be opened again', async () => {
    const other = await openWorkerPage(browser, { entry });
    expect(await other.call('open', { device: 'webgpu' })).toBe('onnxruntime-web webgpu');
    expect(await other.call('addOften', { times: 3 })).toBeUndefined();
    const lost = other.call('addOften', { times: 1e9 });
    const devTools = await browser.newBrowserCDPSession();
    // Playwright does not know the name; the process that would answer is gone.
    const crash = devTools.send('Browser.crashGpuProcess' as 'Browser.close').catch(() => {});
    expect(await lost).toEqual([
      'device-lost',
      expect.stringMatching(/^The browser took the graphics card away/),
    ]);
    await crash;
    // What is asked for later fails too, at once.
    expect(await other.call('addOften', { times: 1 })).toEqual(['device-lost', expect.any(String)]);
    expect(await other.call('open', { device: 'webgpu' })).toBe('onnxruntime-web webgpu');
    expect(await other.call('addOften', { times: 3 })).toBeUndefined();
    await other.close();
  });

  // Compiling the kernels takes minutes on a processor.
  it.runIf(process.env['TITLESMITH_TEST_WEBGPU'])(
    'trains, attends and samples, and computes every op',
    async () => {
      expect(await page.call('open', { device: 'webgpu' })).toBe('onnxruntime-web webgpu');
      expect(await page.call('check')).toEqual({ repeats: true });
      expect(wrongCases(await page.call('cases', { seed }))).toEqual([]);
      expect(page.faults).toEqual([]);
    },
  );

  it.runIf(process.env['TITLESMITH_TEST_WEBGPU'])(
    'trains 20 steps and generates the likeliest texts as the processor does',
    async () => {
      expect(await page.call('open', { device: 'webgpu' })).toBe('onnxruntime-web webgpu');
      await expectSameTexts(page);
      await expectSameTraining(page);
      expect(page.faults).toEqual([]);
    },
  );
});
