import { silentContext } from '../../src/common/progress.js';
import { createRandom } from '../../src/common/random.js';
import type { Engine } from '../../src/model/engine/engine.js';
import { evenLength } from '../../src/model/engine/onnx/sampling-nodes.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { elementCount } from '../../src/model/graph/shape.js';
import type { TransformerConfiguration } from '../../src/model/transformer/configuration.js';
import { DeviceSampler } from '../../src/model/transformer/decode-sampler.js';
import { openDecodeSession } from '../../src/model/transformer/decode-session.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { byteTokenizer, randomWeights } from '../shared/random-model.js';
import type { BenchPrecision } from './gpu-options.js';
import { type GenerationRate, median, seconds } from './measured.js';

interface GenerationLoad {
  readonly configuration: TransformerConfiguration;
  readonly precision: BenchPrecision;
  readonly slots: number;
  readonly topP: readonly number[];
  readonly texts: number;
  readonly copyGigabytes: number;
  /** Whether to generate a round that is not counted first. */
  readonly warmsUp?: boolean;
}

/** What a step of all slots reads of the weights, each once. */
function weightBytes(configuration: TransformerConfiguration, isHalf: boolean): number {
  const sizes = parameterSpecifications(configuration).map(
    ({ shape, decays }) => (decays && isHalf ? 2 : 4) * elementCount(shape),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Seconds in which the device chooses the tokens of a step from nearly uniform scores that lie there. */
async function samplingSeconds(
  engine: Engine,
  { configuration, slots }: GenerationLoad,
  topP: number,
): Promise<number> {
  const memory = engine.memory!;
  const rowLength = evenLength(configuration.vocabularySize);
  const shape = [slots, rowLength];
  const random = createRandom(1, 'scores');
  const probabilities = Float32Array.from(
    { length: slots * rowLength },
    () => (0.5 + random.uniform()) / rowLength,
  );
  const scores = {
    logits: memory.allocate({ shape, dtype: 'float32' }),
    probabilities: memory.allocate({ shape, dtype: 'float32' }),
  };
  await memory.write([
    [probabilities, scores.logits],
    [probabilities, scores.probabilities],
  ]);
  const sampler = new DeviceSampler(engine, memory, slots, rowLength);
  const choice = {
    temperatures: new Float32Array(slots).fill(1),
    topK: new Int32Array(slots),
    topP: new Float32Array(slots).fill(topP),
    points: Float32Array.from({ length: slots }, () => Math.fround(0.9 * random.uniform())),
  };
  const times: number[] = [];
  for (let repeat = 0; repeat < 12; repeat++) times.push(await seconds(() => sampler.choose(scores, choice)));
  await sampler.dispose();
  for (const tensor of Object.values(scores)) tensor.dispose();
  return median(times.slice(2));
}

/** Generates texts of 24 tokens with random weights, once for each nucleus. */
export async function timeGeneration(engine: Engine, load: GenerationLoad): Promise<GenerationRate[]> {
  const { configuration, slots, topP, texts, copyGigabytes, warmsUp = true } = load;
  // Generation has no TF32.
  const precision = load.precision === 'float16' ? 'float16' : 'float32';
  const sizes = { slots, capacity: Math.min(64, configuration.contextLength), precision } as const;
  const session = await openDecodeSession(engine, configuration, randomWeights(configuration), sizes);
  const tokenizer = byteTokenizer(configuration);
  let [count, steps, inside] = [0, 0, 0];
  /** A call that is counted, and its time. */
  const timed = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    const result = await work();
    inside += (performance.now() - started) / 1000;
    steps++;
    return result;
  };
  const step: typeof session.step = (given) => timed(() => session.step(given));
  const draw: typeof session.draw = session.draw && ((given) => timed(() => session.draw!(given)));
  const counting = Object.create(session, { step: { value: step }, draw: { value: draw } }) as typeof session;
  const generate = (nsamples: number, nucleus: number): Promise<number> =>
    seconds(async () => {
      [count, steps, inside] = [0, 0, 0];
      const options = { ...generationDefaults, nsamples, length: 24, topP: nucleus };
      for await (const _ of generateTexts(counting, tokenizer, options, silentContext)) count++;
    });
  const rates: GenerationRate[] = [];
  for (const nucleus of topP) {
    if (warmsUp) await generate(slots, nucleus);
    const total = await generate(Math.max(texts, slots), nucleus);
    const read = (steps / total) * weightBytes(configuration, precision === 'float16');
    rates.push({
      slots,
      topP: nucleus,
      textsPerSecond: count / total,
      shareOfCopy: read / 1e9 / copyGigabytes,
      step: {
        seconds: total / steps,
        outside: (total - inside) / steps,
        ...(session.draw ? { sampling: await samplingSeconds(engine, load, nucleus) } : {}),
      },
    });
  }
  await session.dispose();
  return rates;
}
