import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../../src/common/random.js';
import type { Engine } from '../../../src/model/engine/engine.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import { evenLength } from '../../../src/model/engine/onnx/sampling-nodes.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { ortApi } from '../../../src/model/engine/onnxruntime/ort-api.js';
import { providers } from '../../../src/model/engine/onnxruntime/providers.js';
import { OrtSession } from '../../../src/model/engine/onnxruntime/session.js';
import type { SamplingOptions } from '../../../src/model/generation/generation-options.js';
import { createSampler } from '../../../src/model/generation/sampler.js';
import { input, softmax } from '../../../src/model/graph/builder.js';
import { inputsOf } from '../../../src/model/graph/tensor.js';
import { DeviceSampler, samplingGraph } from '../../../src/model/transformer/decode-sampler.js';
import { processorDevice } from '../engine/processor-device.js';
import { chiSquare } from '../generation/chi-square.js';
import { deviceUnderTest, testEngine } from '../test-engine.js';

/** The device under test; in an ordinary run the graphs of each kind of device, on the processor. */
const devices: readonly (readonly [string, Engine])[] = deviceUnderTest
  ? [[deviceUnderTest, testEngine]]
  : [
      ['as for CUDA', processorDevice(cudaTarget)],
      ['as for WebGPU', processorDevice(webGpuTarget)],
    ];

interface Row {
  readonly logits: Float32Array;
  readonly options: SamplingOptions;
  readonly point: number;
}

/** Chooses a token for each row on the device. @returns ids, and the device's probabilities [rows,V]. */
async function chooseOn(
  engine: Engine,
  rows: readonly Row[],
): Promise<{ ids: Int32Array; probabilities: Float32Array }> {
  const memory = engine.memory!;
  const vocabularySize = rows[0]!.logits.length;
  const shape = [rows.length, vocabularySize];
  const program = await engine.compile({ probabilities: softmax(input('logits', shape)) });
  const [logits, probabilities] = [0, 1].map(() => memory.allocate({ shape, dtype: 'float32' }));
  const scaled = new Float32Array(rows.length * vocabularySize);
  for (const [row, { logits: values, options }] of rows.entries()) {
    const { temperature } = options;
    scaled.set(temperature === 0 ? values : values.map((x) => x / temperature), row * vocabularySize);
  }
  await memory.write([[scaled, logits!]]);
  await program.run({ logits: logits! }, { probabilities: probabilities! });
  const sampler = new DeviceSampler(engine, memory, rows.length, vocabularySize);
  const numbers = (of: (row: Row) => number): Float32Array => Float32Array.from(rows, of);
  const ids = await sampler.choose(
    { logits: logits!, probabilities: probabilities! },
    {
      temperatures: numbers(({ options }) => options.temperature),
      topK: Int32Array.from(rows, ({ options }) => options.topK),
      topP: numbers(({ options }) => options.topP),
      points: numbers(({ point }) => point),
    },
  );
  const found = new Float32Array(scaled.length);
  await memory.read([[probabilities!, found]]);
  await sampler.dispose();
  await program.dispose();
  for (const tensor of [logits!, probabilities!]) tensor.dispose();
  return { ids, probabilities: found };
}

/** What the sampler on the processor takes with this number instead of a random one. */
function chosenHere({ logits, options }: Row, probabilities: Float32Array, point: number): number {
  const random: Random = { ...createRandom(1), uniform: () => point };
  return createSampler(options, logits.length)({ logits, probabilities }, random);
}

/**
 * How far sums in float32 may be off, as a share of the whole: an addition errs by 2⁻²⁴ of its result at most (Higham,
 * "The Accuracy of Floating Point Summation", 1993), and 452 follow each other, 255 in a block and 197 of blocks. That is
 * less than 2⁻¹⁵ if all err alike; a quarter of it is allowed here.
 */
const slack = 2 ** -17;

/** The range of tokens that the sampler on the processor takes when point and share are off by no more than `slack`. */
function rangeNearby(row: Row, probabilities: Float32Array): [number, number] {
  const shifts = [-slack, 0, slack];
  const { topP } = row.options;
  const shares = topP > 0 && topP < 1 ? shifts.map((shift) => Math.max(1e-12, topP + shift)) : [topP];
  const found = shares.flatMap((share) =>
    shifts.map((shift) => {
      const options = { ...row.options, topP: share };
      return chosenHere({ ...row, options }, probabilities, Math.max(0, row.point + shift));
    }),
  );
  return [Math.min(...found), Math.max(...found)];
}

const off: SamplingOptions = { temperature: 1, topK: 0, topP: 0 };
/** GPT-2's vocabulary; in software a card takes minutes for it. More than WebGPU sorts at once. */
const vocabularySize = deviceUnderTest ? 2100 : 50_257;

/** Logits of several kinds, by name. */
function kindsOfLogits(random: Random): Readonly<Record<string, Float32Array>> {
  const fill = (logit: (token: number) => number): Float32Array =>
    Float32Array.from({ length: vocabularySize }, (_, token) => logit(token));
  const normal = fill(() => 3 * random.normal());
  return {
    normal,
    'around -100, as GPT-2': normal.map((logit) => logit - 100),
    'nearly uniform': fill(() => 1e-3 * random.normal()),
    equal: fill(() => -2),
    'of a few values': fill(() => Math.round(2 * random.normal())),
    peaked: normal.map((logit, token) => (token === 777 ? 40 : logit)),
    'two peaks alike': normal.map((logit, token) => (token === 3 || token === 1000 ? 30 : logit)),
    'mostly impossible': fill((token) => (token % 100 === 7 ? random.normal() : -1e9)),
  };
}

const settings: readonly Partial<SamplingOptions>[] = [
  {},
  { temperature: 0 },
  { temperature: 1e-3 },
  { temperature: 0.7 },
  { topK: 1 },
  { topK: 40, temperature: 0.7 },
  { topK: 600 },
  { topK: vocabularySize },
  { topP: 1e-9 },
  { topP: 0.5 },
  { topP: 0.9, temperature: 0.7 },
  { topP: 0.999999 },
  { topK: 40, topP: 0.8 },
];

describe.each(devices)('%s', (name, engine) => {
  const random = createRandom(11, 'device sampler');
  const logits = kindsOfLogits(random);
  const point = (): number => Math.floor(random.uniform() * 2 ** 24) / 2 ** 24;
  // WebGPU's graph is another one for the likeliest token and for top-k alone; in software a card is slow.
  const own = (part: Partial<SamplingOptions>): boolean =>
    !(deviceUnderTest || name === 'as for WebGPU') || part.temperature === 0 || part.topK === 40;

  it.each(settings.filter(own))('takes the tokens of the sampler on the processor: %o', async (part) => {
    const options = { ...off, ...part };
    const kinds = Object.entries(logits);
    const rows = kinds.map(([, values]) => ({ logits: values, options, point: point() }));
    rows.push({ ...rows[0]!, point: 0 }, { ...rows[0]!, point: 1 - 2 ** -24 });
    const { ids, probabilities } = await chooseOn(engine, rows);
    let equal = 0;
    for (const [index, row] of rows.entries()) {
      const scores = probabilities.subarray(index * vocabularySize, (index + 1) * vocabularySize);
      const label = `${kinds[index]?.[0]}, point ${row.point}`;
      if (chosenHere(row, scores, row.point) === ids[index]) equal++;
      else {
        const [lowest, highest] = rangeNearby(row, scores);
        expect(ids[index], label).toBeGreaterThanOrEqual(lowest);
        expect(ids[index], label).toBeLessThanOrEqual(highest);
      }
    }
    expect(equal).toBeGreaterThanOrEqual(rows.length - 1);
  });

  it('says where scores are not finite', async () => {
    const broken = new Float32Array(100).fill(Number.NaN);
    const sound = Float32Array.from({ length: 100 }, (_, token) => token / 50);
    for (const part of [{}, { temperature: 0 }, { topK: 3 }, { topP: 0.5 }]) {
      const options = { ...off, ...part };
      const { ids } = await chooseOn(engine, [
        { logits: broken, options, point: 0.5 },
        { logits: sound, options, point: 0.5 },
      ]);
      expect(ids[0]).toBe(-1);
      expect(ids[1]).toBeGreaterThanOrEqual(0);
    }
  });

  if (name === 'as for WebGPU') return;

  it('chooses for each row alike, whatever the others ask for', async () => {
    const values = Float32Array.from({ length: 1009 }, () => 2 * random.normal());
    const rows = settings.map((part) => ({ logits: values, options: { ...off, ...part }, point: point() }));
    const { ids } = await chooseOn(engine, rows);
    for (const [index, row] of rows.slice(0, deviceUnderTest ? 3 : rows.length).entries())
      expect((await chooseOn(engine, [row])).ids[0], JSON.stringify(row.options)).toBe(ids[index]);
  });

  it('draws as often as probabilities say', async () => {
    const few = Float32Array.of(2, -1, 0.5, 0.5, -1e9, 1.5, -3, 0.25, 0.5, 1);
    for (const { part, kept } of [
      { part: {}, kept: [0, 1, 2, 3, 5, 6, 7, 8, 9] },
      { part: { topK: 4, temperature: 0.7 }, kept: [0, 2, 5, 9] },
      { part: { topP: 0.8 }, kept: [0, 2, 3, 5, 9] },
      { part: { topK: 6, topP: 0.75 }, kept: [0, 2, 5, 9] },
    ]) {
      const options = { ...off, ...part };
      const draws = Array.from({ length: 3000 }, () => ({ logits: few, options, point: point() }));
      const { ids } = await chooseOn(engine, draws);
      const weights = Array.from(few, (logit, token) =>
        kept.includes(token) ? Math.exp(logit / options.temperature) : 0,
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const counts = weights.map(() => 0);
      for (const id of ids) counts[id]!++;
      const { statistic, limit } = chiSquare(
        counts,
        weights.map((weight) => weight / total),
      );
      expect(statistic, JSON.stringify(part)).toBeLessThan(limit);
    }
  });
});

it.runIf(deviceUnderTest === 'onnxruntime webgpu')('leaves nothing to the processor', async () => {
  const provider = providers.webgpu;
  const drawn = { greedy: true, drawn: true, topK: 40, topP: true };
  for (const kinds of [drawn, { ...drawn, topK: undefined, topP: false }]) {
    const outputs = samplingGraph([3, evenLength(1009)], kinds);
    const model = exportOnnx(outputs, { target: webGpuTarget });
    const inputs = inputsOf(Object.values(outputs));
    const session = await OrtSession.open(model, inputs, new Map(Object.entries(outputs)), {
      threads: 1,
      appendProvider: (options) => {
        const { functions, check } = ortApi();
        // A session with a node for the processor is then refused.
        check(functions.addSessionConfigEntry(options, 'session.disable_cpu_ep_fallback', '1'));
        provider.append(options, {});
      },
    });
    await session.dispose();
  }
});
