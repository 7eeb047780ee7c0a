import { readdirSync, readFileSync } from 'node:fs';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import type { Generated, Trained } from '../../test/model/engine/web/web-work.js';
import { type BaseInput, generateBase, trainBase } from './base-work.js';
import { openSite, readBase, readSiteOptions } from './site-bench.js';

/**
 * Training the base model on 1,000 titles and generating from it, on Node and in Chromium in turn: one JSON line a round and
 * contestant, in seconds, and the peak memory of the page's process in megabytes.
 *
 *     npm run bench -- site/speed --titles 1000 --steps 60 --texts 200 --rounds 2
 */
const { titles, steps, texts, rounds, threads, webgpu } = readSiteOptions('60');
const input: BaseInput = { titles, steps, texts, temperature: 0.7 };

/** The largest peak of a page's process. */
function rendererMegabytes(): number {
  const peaks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => {
      try {
        if (!readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer')) return 0;
        return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1000;
      } catch {
        // The process has ended since.
        return 0;
      }
    });
  return Math.round(Math.max(...peaks));
}

function print(name: string, trained: Trained, generated: Generated, megabytes?: number): void {
  const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
  const figures = {
    name,
    trainSeconds: seconds(trained.milliseconds),
    generateSeconds: seconds(generated.milliseconds),
    texts: generated.texts.length,
    ...(megabytes === undefined ? {} : { megabytes }),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

for (let round = 0; round < rounds; round++) {
  const files = readBase();
  const engine = createOnnxRuntimeEngine({ threads });
  print('node', await trainBase(engine, files, input), await generateBase(engine, files, input));
  for (const [device, count] of [
    ['wasm', threads],
    ['wasm', 1],
    ...(webgpu ? [['webgpu', 1] as const] : []),
  ] as const) {
    const { page, close } = await openSite(device, count);
    const trained = await page.call<Trained>('train', input);
    const generated = await page.call<Generated>('generate', input);
    print(`${device}, threads: ${count}`, trained, generated, rendererMegabytes());
    await close();
  }
}
