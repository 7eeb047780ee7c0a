import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import type { Generated, Trained } from '../../test/model/engine/web/web-work.js';
import { type BaseInput, generateBase, trainBase } from './base-work.js';
import { openSite, readBase, readSiteOptions } from './site-bench.js';

/**
 * How far the base model's training in Chromium is from that on Node's processor, step by step, and how many of the
 * likeliest texts are the same: the table of docs/browser.md, a row a device.
 *
 *     npm run bench -- site/agreement --steps 20 --texts 24
 *     npm run bench -- site/agreement --webgpu --titles 40 --steps 20 --texts 4 --dropout 0 --batch-size 4
 *
 * A graphics card draws what dropout leaves out from other numbers than a processor: it is compared without. SwiftShader takes
 * minutes for what WebAssembly does in a second.
 */
const { titles, steps, texts, threads, webgpu, chosen } = readSiteOptions('20');
const input: BaseInput = { titles, steps, texts: Math.min(texts, 24), temperature: 0, chosen };
const engine = createOnnxRuntimeEngine({ threads });
const files = readBase();
const expected = {
  trained: await trainBase(engine, files, input),
  generated: await generateBase(engine, files, input),
};

/** The largest difference of a figure, relative to the processor's. */
function furthest(trained: Trained, figure: 'loss' | 'gradientNorm' | 'validationLoss'): string {
  const differences = expected.trained.lines.flatMap((line, index) => {
    const wanted = line[figure];
    return wanted === undefined ? [] : [Math.abs(trained.lines[index]![figure]! / wanted - 1)];
  });
  return Math.max(...differences).toExponential(1);
}

process.stdout.write('| device | loss | gradient norm | held-out loss | likeliest texts the same |\n');
process.stdout.write('| --- | --- | --- | --- | --- |\n');
for (const [device, count] of [
  ['wasm', threads],
  ['wasm', 1],
  ...(webgpu ? [['webgpu', 1] as const] : []),
] as const) {
  const { page, close } = await openSite(device, count);
  const trained = await page.call<Trained>('train', input);
  const generated = await page.call<Generated>('generate', input);
  await close();
  const same = generated.texts.filter((text, index) => text === expected.generated.texts[index]).length;
  const name = device === 'wasm' ? `WebAssembly, threads: ${count}` : 'WebGPU';
  const figures = (['loss', 'gradientNorm', 'validationLoss'] as const).map((figure) =>
    furthest(trained, figure),
  );
  process.stdout.write(
    `| ${name} | ${figures.join(' | ')} | ${same} of ${expected.generated.texts.length} |\n`,
  );
}
