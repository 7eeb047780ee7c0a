import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Generation by node-llama-cpp, sequences side by side, each taking up the next text when its own ends; prints one JSON
 * line like bench/generate/texts.ts.
 *
 *     node llama.js <folder with node_modules/node-llama-cpp> <model.gguf> <end token> <lengths.json> <sequences> <threads>
 */
const [home = '', modelPath = '', end = '', lengthsPath = '', sequences = '32', threads = '2'] =
  process.argv.slice(2);

/** What is used of node-llama-cpp, which is no dependency of this project. */
interface Sequence {
  evaluate(tokens: number[], options: Record<string, unknown>): AsyncGenerator<number>;
  clearHistory(): Promise<void>;
}
interface Llama {
  loadModel(options: { modelPath: string }): Promise<{
    createContext(
      options: Record<string, unknown>,
    ): Promise<{ getSequence(): Sequence; dispose(): Promise<void> }>;
  }>;
}
interface LlamaModule {
  getLlama(options: Record<string, unknown>): Promise<Llama>;
}

const installed = join(home, 'node_modules/node-llama-cpp');
const description = readFileSync(join(installed, 'package.json'), 'utf8');
const { version } = JSON.parse(description) as { version: string };
const module = (await import(pathToFileURL(join(installed, 'dist/index.js')).href)) as LlamaModule;
const llama = await module.getLlama({ gpu: false, build: 'never', maxThreads: Number(threads) });
const lengths = JSON.parse(readFileSync(lengthsPath, 'utf8')) as number[];
const model = await llama.loadModel({ modelPath });
const count = Number(sequences);
const context = await model.createContext({
  sequences: count,
  contextSize: 128,
  batchSize: Math.max(count, 128),
  threads: Number(threads),
});
const endToken = Number(end);
const slots = Array.from({ length: count }, () => context.getSequence());

async function generate(wanted: readonly number[]): Promise<void> {
  let next = 0;
  await Promise.all(
    slots.map(async (slot) => {
      while (next < wanted.length) {
        const length = wanted[next++]!;
        let generated = 0;
        const options = { temperature: 0.7, topK: 50, topP: 1, minP: 0, yieldEogToken: true };
        for await (const _ of slot.evaluate([endToken], options)) if (++generated === length) break;
        await slot.clearHistory();
      }
    }),
  );
}

await generate(new Array<number>(count).fill(3));
const [started, usage] = [performance.now(), process.cpuUsage()];
await generate(lengths);
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(usage);
const tokens = lengths.reduce((sum, length) => sum + length, 0);
const report = {
  name: `node-llama-cpp ${version}, ${/(\w+)\.gguf$/.exec(modelPath)?.[1]}, top-k 50, ${count} sequences`,
  textsPerSecond: lengths.length / seconds,
  tokensPerSecond: tokens / seconds,
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  texts: lengths.length,
  tokens,
  peakGigabytes: process.resourceUsage().maxRSS / 1e6,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(0);
