import { gradients } from '../graph/autodiff.js';
import {
  add,
  cachedAttention,
  drawByWeight,
  gatherRows,
  gelu,
  input,
  keepTopK,
  keepTopP,
  layerNormalization,
  linearCrossEntropy,
  matmul,
  multiply,
  reduceSum,
  reshape,
  scalar,
  softmax,
  split,
  subtract,
  transpose,
} from '../graph/builder.js';
import { elementCount, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { DeviceMemory, DeviceTensor, Engine, NumericArray, Program, Value } from './engine.js';

type Arrays = Record<string, NumericArray>;

/** Largest difference from the processor, relative to 1 + its result: float32 in other orders is below it, TF32 above. */
const tolerance = 1e-4;

/** Name of the result that says whether a training comes to the same bytes twice. */
const repeated = 'repeated';

const [tokens, width, heads, vocabulary, capacity] = [8, 16, 2, 32, 8];
const headWidth = width / heads;
const learningRate = 0.1;

const parameterShapes: Readonly<Record<string, Shape>> = {
  embeddings: [vocabulary, width],
  scale: [width],
  bias: [width],
  projection: [width, 3 * width],
  output: [width, width],
};

/** Numbers between −1 and 1 that look random and are the same everywhere. */
const spread = (size: number, phase: number): Float32Array =>
  Float32Array.from({ length: size }, (_, index) => Math.sin(7 * index + phase));

/** A transformer's layer and loss on `tokens` tokens, and its parameters after a step of gradient descent. */
function trainingStep(): Readonly<Record<string, Tensor>> {
  const parameters = Object.entries(parameterShapes).map(([name, shape]) => input(name, shape));
  const [embeddings, scale, bias, projection, output] = parameters as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const x = gatherRows(embeddings, input('ids', [tokens], 'int32'));
  const projected = matmul(layerNormalization(x, scale, bias, 1e-5).y, projection);
  const [queries, keys, values] = split(projected, 1, [width, width, width]).map((part) =>
    transpose(reshape(part, [1, tokens, heads, headWidth]), [0, 2, 1, 3]),
  ) as [Tensor, Tensor, Tensor];
  const scores = matmul(queries, keys, { transposeB: true, alpha: headWidth ** -0.5 });
  const attended = matmul(softmax(add(scores, input('mask', [1, 1, tokens, tokens]))), values);
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [tokens, width]);
  const hidden = add(x, matmul(gelu(joined), output));
  const half = vocabulary / 2;
  const targets = input('targets', [tokens], 'int32');
  const loss = reduceSum(multiply(linearCrossEntropy(hidden, embeddings, targets, [half, half]), 1 / tokens));
  const steps = gradients([loss], [scalar(1)], parameters);
  const updated = Object.keys(parameterShapes).map((name, index) => [
    `new.${name}`,
    subtract(parameters[index]!, multiply(steps[index]!, learningRate)),
  ]);
  return { loss, ...Object.fromEntries(updated) };
}

/** Ids repeat, so that gradients of an embedding add up. */
const batch: Arrays = {
  ids: Int32Array.from({ length: tokens }, (_, token) => (token * token) % 5),
  targets: Int32Array.from({ length: tokens }, (_, token) => (11 * token) % vocabulary),
  mask: Float32Array.from({ length: tokens * tokens }, (_, index) =>
    index % tokens <= Math.floor(index / tokens) ? 0 : -1e9,
  ),
};

const initial = (): Arrays =>
  Object.fromEntries(
    Object.entries(parameterShapes).map(([name, shape], index) => [name, spread(elementCount(shape), index)]),
  );

function release(tensors: Iterable<DeviceTensor>): void {
  for (const tensor of tensors) tensor.dispose();
}

/** Copies arrays to new tensors of a device. */
async function upload(
  memory: DeviceMemory,
  arrays: Arrays,
  shapes: Readonly<Record<string, Shape>>,
): Promise<Record<string, DeviceTensor>> {
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, memory.allocate({ shape, dtype: 'float32' })]),
  );
  await memory.write(Object.keys(shapes).map((name) => [arrays[name]!, tensors[name]!] as const));
  return tensors;
}

/** Two steps of training, the second from what the first one wrote, where a device has memory without leaving it. */
async function trainOnce(engine: Engine, program: Program): Promise<Arrays> {
  const names = Object.keys(parameterShapes);
  const [losses, { memory }] = [new Float32Array(2), engine];
  const results = initial();
  const make = async (): Promise<Record<string, Value>> =>
    memory ? upload(memory, initial(), parameterShapes) : initial();
  const sets = [await make(), await make()] as const;
  for (const step of [0, 1] as const) {
    const [from, to] = [sets[step], sets[1 - step]!];
    const updated = Object.fromEntries(names.map((name) => [`new.${name}`, to[name]!]));
    await program.run({ ...batch, ...from }, { loss: losses.subarray(step, step + 1), ...updated });
  }
  if (memory) {
    const tensors = sets[0] as Record<string, DeviceTensor>;
    await memory.read(names.map((name) => [tensors[name]!, results[name]!] as const));
    release(sets.flatMap((set) => Object.values(set) as DeviceTensor[]));
  } else for (const name of names) (results[name] as Float32Array).set(sets[0][name] as Float32Array);
  return { ...results, losses };
}

const bytesOf = (arrays: Arrays): string =>
  Object.values(arrays)
    .map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength).join())
    .join(';');

/** {@link trainOnce} twice over; `repeated` is 1 if both came to the same bytes. */
async function train(engine: Engine): Promise<Arrays> {
  const program = await engine.compile(trainingStep());
  const [first, second] = [await trainOnce(engine, program), await trainOnce(engine, program)];
  await program.dispose();
  return { ...first, [repeated]: Int32Array.of(bytesOf(first) === bytesOf(second) ? 1 : 0) };
}

/** Attention of a new token in each of two rows to its cache, which is first copied from one row to the other. */
async function attend(engine: Engine): Promise<Arrays> {
  const rows = 2;
  const cache: Shape = [rows, heads, capacity, headWidth];
  const past = { keys: input('pastKeys', cache), values: input('pastValues', cache) };
  const projections = input('projections', [rows, 3 * width]);
  const lengths = input('lengths', [rows], 'int32');
  const attended = cachedAttention(projections, past, lengths, {
    heads,
    keyValueHeads: heads,
    scale: headWidth ** -0.5,
  });
  const program = await engine.compile({ ...attended });
  const names = ['keys', 'values'] as const;
  const arrays = Object.fromEntries(
    names.map((name, index) => [name, spread(elementCount(cache), 3 + index)]),
  );
  const { memory } = engine;
  const shapes = { keys: cache, values: cache };
  const tensors = memory && (await upload(memory, arrays, shapes));
  if (tensors) {
    await memory.copyRow(
      names.map((name) => ({ from: tensors[name]!, to: tensors[name]! })),
      0,
      1,
    );
  } else {
    for (const array of Object.values(arrays)) array.copyWithin(array.length / rows, 0, array.length / rows);
  }
  const output = new Float32Array(rows * width);
  const held: Record<string, Value> = tensors ?? arrays;
  await program.run(
    {
      projections: spread(rows * 3 * width, 9),
      lengths: Int32Array.of(3, capacity),
      pastKeys: held['keys']!,
      pastValues: held['values']!,
    },
    { output, keys: held['keys']!, values: held['values']! },
  );
  if (tensors) release(Object.values(tensors));
  await program.dispose();
  return { output };
}

/** Tokens drawn from rows of scores: from the likeliest ten, from all, from the likeliest, and from a nucleus of them. */
async function sample(engine: Engine): Promise<Arrays> {
  const [rows, columns, largestCount] = [4, 64, 10];
  const weights = softmax(multiply(input('scores', [rows, columns]), 3));
  const column = (name: string): Tensor => input(name, [rows, 1]);
  const nucleus = keepTopP(keepTopK(weights, column('counts'), largestCount), column('shares'));
  const program = await engine.compile({ ids: drawByWeight(nucleus, column('points')) });
  const ids = new Float32Array(rows);
  const feeds = {
    scores: spread(rows * columns, 5),
    counts: Float32Array.of(largestCount, columns, 1, largestCount),
    shares: Float32Array.of(2, 2, 2, 0.6),
    points: Float32Array.of(0.3, 0.7, 0.5, 0.9),
  };
  await program.run(feeds, { ids });
  await program.dispose();
  return { ids };
}

/** A product whose factors float32 holds and any shorter type rounds to 1. */
async function multiplyExactly(engine: Engine): Promise<Arrays> {
  const product = matmul(input('a', [tokens, width]), input('b', [width, width]));
  const program = await engine.compile({ product });
  const result = new Float32Array(tokens * width);
  const feeds = {
    a: new Float32Array(tokens * width).fill(1 + 2 ** -12),
    b: new Float32Array(width * width).fill(1),
  };
  await program.run(feeds, { product: result });
  await program.dispose();
  return { product: result.map((value) => (value / width - 1) * 2 ** 12) };
}

const checks: readonly (readonly [string, (engine: Engine) => Promise<Arrays>])[] = [
  ['float32 products', multiplyExactly],
  ['a training step', train],
  ["generation's attention", attend],
  ['sampling', sample],
];

/**
 * Does on a device what training and generation do: allocates, copies there and back, multiplies, trains, attends, draws.
 * @param reference the engine whose results count as right.
 * @returns whether the same training came to the same bytes twice, as a training that is gone on with should.
 * @throws Error saying what went wrong, in the runtime's words or by how far the result is off.
 */
export async function checkDevice(engine: Engine, reference: Engine): Promise<{ readonly repeats: boolean }> {
  let repeats = true;
  for (const [what, run] of checks) {
    const [results, expected] = [await run(engine), await run(reference)];
    if (results[repeated]?.[0] === 0) repeats = false;
    for (const [name, values] of Object.entries(expected).filter(([key]) => key !== repeated)) {
      const worst = [...values].reduce((largest, value, index) => {
        const difference = Math.abs(results[name]![index]! - value) / (1 + Math.abs(value));
        return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
      }, 0);
      if (worst > tolerance)
        throw new Error(`it computes ${what} wrongly: ${name} is off by ${worst.toPrecision(2)}`);
    }
  }
  return { repeats };
}
