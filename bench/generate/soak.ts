import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentContext } from '../../src/common/progress.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { machine, table } from '../shared/figures.js';
import { byteTokenizer, randomWeights } from '../shared/random-model.js';
import { forceEnds } from './forced-ends.js';
import { readOptions } from './generate-options.js';

/**
 * Many titles in one process: memory and speed, thousand by thousand (of fewer than 4,000, in quarters). Tokens are counted as they are computed: texts that
 * end early in a part were begun in the one before.
 *
 *     npm run bench -- generate/soak --model 124M --precision int8 --titles titles.csv --texts 20000
 */
const { model, configuration, slots, capacity, threads, precision, lengths, source } = readOptions();
const partTexts = Math.min(1000, Math.ceil(lengths.length / 4));
const engine = createOnnxRuntimeEngine({ threads });
const sizes = { slots, capacity, precision };
const session = await openDecodeSession(engine, configuration, randomWeights(configuration), sizes);
const tokenizer = byteTokenizer(configuration);
const forced = forceEnds(session, tokenizer.endOfTextId, lengths);
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();

interface Part {
  readonly tokensPerSecond: number;
  readonly tokensPerCpuSecond: number;
  readonly residentMegabytes: number;
}

const measured: Part[] = [];
let [rows, texts] = [0, 0];
let [started, usage] = [performance.now(), process.cpuUsage()];
const options = { ...generationDefaults, nsamples: lengths.length, length: capacity - 1 };
for await (const _ of generateTexts(forced, tokenizer, options, silentContext)) {
  texts++;
  if (texts % partTexts !== 0) continue;
  const { user, system } = process.cpuUsage(usage);
  measured.push({
    tokensPerSecond: (forced.use.rows - rows) / ((performance.now() - started) / 1000),
    tokensPerCpuSecond: (forced.use.rows - rows) / ((user + system) / 1e6),
    residentMegabytes: process.memoryUsage.rss() / 2 ** 20,
  });
  [rows, started, usage] = [forced.use.rows, performance.now(), process.cpuUsage()];
}
delays.disable();

const [first, last] = [measured[0]!, measured.at(-2)!];
const resident = measured.map(({ residentMegabytes }) => residentMegabytes);
process.stdout.write(
  `${model} ${precision}, ${source}, ${lengths.length} texts, ${slots} slots; ${machine()}\n\n`,
);
const lines = measured.map((part, index) => [
  (index + 1) * partTexts,
  ...[part.tokensPerSecond, part.tokensPerCpuSecond, part.residentMegabytes].map(Math.round),
]);
process.stdout.write(table(['texts', 'tokens/s', 'tokens a CPU second', 'resident MB'], lines));
const change = (value: (part: Part) => number): string =>
  `${((value(last) / value(first) - 1) * 100).toFixed(1)} %`;
process.stdout.write(`
Last part but one (the last holds the tail) against the first: ${change((part) => part.tokensPerSecond)} in tokens/s, ${change((part) => part.tokensPerCpuSecond)} by CPU time.
Resident memory after the first part: ${resident[0]!.toFixed(0)} MB, at most ${Math.max(...resident).toFixed(0)} MB later.
Event loop delay: p50 ${(delays.percentile(50) / 1e6).toFixed(1)} ms, p99 ${(delays.percentile(99) / 1e6).toFixed(1)} ms (sampled every 10 ms).
`);
await session.dispose();
