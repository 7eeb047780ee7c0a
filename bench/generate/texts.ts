import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentContext } from '../../src/common/progress.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { byteTokenizer, randomWeights } from '../shared/random-model.js';
import { forceEnds } from './forced-ends.js';
import { readOptions } from './generate-options.js';

/**
 * Generates texts of given lengths with random weights. Prints one JSON line: texts and tokens a second, how full the
 * slots were, the delay of the event loop and peak memory. Alone in its process, so that the peak is its own.
 */
const { configuration, slots, capacity, threads, precision, lengths } = readOptions();
const engine = createOnnxRuntimeEngine({ threads });
const weights = randomWeights(configuration);
const opened = performance.now();
const session = await openDecodeSession(engine, configuration, weights, { slots, capacity, precision });
const openSeconds = (performance.now() - opened) / 1000;
const tokenizer = byteTokenizer(configuration);

async function generate(wanted: readonly number[]) {
  const forced = forceEnds(session, tokenizer.endOfTextId, wanted);
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  const [started, usage] = [performance.now(), process.cpuUsage()];
  let tokens = 0;
  // The steps before the slots first run out of texts to take up.
  let fullRows = 0;
  let fullSteps = 0;
  let finished = 0;
  // Texts of one length end at the limit, without the step that draws an end token.
  const [longest, shortest] = [Math.max(...wanted), Math.min(...wanted)];
  const length = longest === shortest ? longest : capacity - 1;
  const options = { ...generationDefaults, nsamples: wanted.length, length };
  for await (const text of generateTexts(forced, tokenizer, options, silentContext)) {
    tokens += text.tokens;
    finished++;
    if (wanted.length - finished >= slots) [fullRows, fullSteps] = [forced.use.rows, forced.use.steps];
  }
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(usage);
  delays.disable();
  return {
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    texts: wanted.length,
    tokens,
    steps: forced.use.steps,
    rows: forced.use.rows,
    slotUseUntilTail: fullSteps === 0 ? 1 : fullRows / (fullSteps * slots),
    eventLoopDelayP99Ms: delays.percentile(99) / 1e6,
  };
}

await generate(lengths.slice(0, slots).map(() => 4));
const measured = await generate(lengths);
const report = {
  name: `titlesmith ${precision}, ${slots} slots`,
  textsPerSecond: measured.texts / measured.seconds,
  tokensPerSecond: measured.tokens / measured.seconds,
  ...measured,
  openSeconds,
  peakGigabytes: process.resourceUsage().maxRSS / 1e6,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
