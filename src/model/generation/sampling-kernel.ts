import {
  type Code,
  f32x4,
  f64,
  f64x2,
  i32,
  type Local,
  repeatWhile,
  sequence,
  types,
  v128,
  wasmFunction,
  wasmModule,
  when,
} from '../../common/wasm-code.js';

/**
 * The loops over a row of scores, in WebAssembly with vectors of four float32: a pass over 50,257 takes about 10 µs, in
 * JavaScript 50. They look at whole blocks; what pads the last one is 0. Addresses and lengths are in bytes.
 */

/** Numbers a block. */
export const blockLength = 64;
const blockBytes = 4 * blockLength;
const vectorsOfBlock = Array.from({ length: blockLength / 4 }, (_, index) => index);

/** Both halves of four float32 as float64, each added to a sum. */
function addPromoted(sums: readonly [Local, Local], value: Local): Code {
  const upper = v128.shuffle([2, 3, 2, 3], value.get, value.get);
  return sequence(
    sums[0].set(f64x2.add(sums[0].get, f64x2.promote(value.get))),
    sums[1].set(f64x2.add(sums[1].get, f64x2.promote(upper))),
  );
}

function horizontal(sums: readonly [Local, Local], both: Local): Code {
  return sequence(
    both.set(f64x2.add(sums[0].get, sums[1].get)),
    f64.add(f64x2.lane(0, both.get), f64x2.lane(1, both.get)),
  );
}

const { i32: int, f32: float, f64: double, v128: four } = types;

/** `blockMaxima(from, end, to)`: writes the largest number of each block. */
const blockMaxima = wasmFunction([int, int, int], [four], (from, end, to, most) =>
  repeatWhile(
    i32.less(from!.get, end!.get),
    most!.set(v128.load(0, from!.get)),
    ...vectorsOfBlock
      .slice(1)
      .map((index) => most!.set(f32x4.larger(most!.get, v128.load(16 * index, from!.get)))),
    most!.set(f32x4.larger(most!.get, v128.shuffle([2, 3, 0, 1], most!.get, most!.get))),
    most!.set(f32x4.larger(most!.get, v128.shuffle([1, 0, 3, 2], most!.get, most!.get))),
    v128.storeLane(0, 0, to!.get, most!.get),
    from!.increase(blockBytes),
    to!.increase(4),
  ),
);

/**
 * `split(keys, masses, end, low, high, sums, counts, gathered, gathers, total)`: writes for each block the sum of the
 * masses whose keys are above `high` (float64), and how many keys are from `low` to `high` (four int32 that add up); if
 * `gathers` is not 0, their indices (int32); and the sum of all masses (float64). Returns where the indices end.
 */
const split = wasmFunction(
  [int, int, int, float, float, int, int, int, int, int],
  [int, int, four, four, four, four, four, four, four, four, four, four, four, four, four, four],
  (keys, masses, end, low, high, sums, counts, gathered, gathers, total, ...rest) => {
    const [index, lanes, lows, highs, sum0, sum1, all0, all1, number, key, mass, above, ...inside] =
      rest as Local[];
    const sumOf = [sum0!, sum1!] as const;
    const all = [all0!, all1!] as const;
    const gatherLanes = (vector: number, found: Local): Code =>
      sequence(
        lanes!.set(f32x4.signs(found.get)),
        ...[0, 1, 2, 3].flatMap((lane) => [
          i32.store(0, gathered!.get, i32.add(index!.get, i32.const(4 * vector + lane))),
          gathered!.set(
            i32.add(
              gathered!.get,
              i32.shiftLeft(i32.and(i32.shiftRight(lanes!.get, i32.const(lane)), i32.const(1)), i32.const(2)),
            ),
          ),
        ]),
      );
    const vector = (at: number, found: Local): Code =>
      sequence(
        key!.set(v128.load(16 * at, keys!.get)),
        mass!.set(v128.load(16 * at, masses!.get)),
        addPromoted(all, mass!),
        above!.set(f32x4.greater(key!.get, highs!.get)),
        mass!.set(v128.and(mass!.get, above!.get)),
        addPromoted(sumOf, mass!),
        found.set(v128.andNot(f32x4.atLeast(key!.get, lows!.get), above!.get)),
        number!.set(f32x4.subtractIntegers(number!.get, found.get)),
      );
    const fourVectors = (first: number): Code => {
      const found = v128.or(v128.or(inside[0]!.get, inside[1]!.get), v128.or(inside[2]!.get, inside[3]!.get));
      return sequence(
        ...inside.map((each, offset) => vector(first + offset, each)),
        when(
          i32.and(gathers!.get, v128.anyTrue(found)),
          ...inside.map((each, offset) => gatherLanes(first + offset, each)),
        ),
      );
    };
    return sequence(
      lows!.set(f32x4.splat(low!.get)),
      highs!.set(f32x4.splat(high!.get)),
      repeatWhile(
        i32.less(keys!.get, end!.get),
        sum0!.set(v128.zero),
        sum1!.set(v128.zero),
        number!.set(v128.zero),
        ...[0, 4, 8, 12].map(fourVectors),
        f64.store(0, sums!.get, horizontal(sumOf, above!)),
        v128.store(0, counts!.get, number!.get),
        keys!.increase(blockBytes),
        masses!.increase(blockBytes),
        index!.increase(blockLength),
        sums!.increase(8),
        counts!.increase(16),
      ),
      f64.store(0, total!.get, horizontal(all, above!)),
      gathered!.get,
    );
  },
  int,
);

/** `weightedSum(weights, values, end)`: the sum of products, where weights are above 0. */
const weightedSum = wasmFunction(
  [int, int, int],
  [four, four, four, four, four],
  (weights, values, end, weight, value, sum0, sum1, both) =>
    sequence(
      repeatWhile(
        i32.less(weights!.get, end!.get),
        ...vectorsOfBlock.flatMap((index) => {
          const product = (lanes: (of: Code) => Code): Code =>
            f64x2.multiply(f64x2.promote(lanes(weight!.get)), f64x2.promote(lanes(value!.get)));
          const upper = (of: Code): Code => v128.shuffle([2, 3, 2, 3], of, of);
          return [
            weight!.set(v128.load(16 * index, weights!.get)),
            // An impossible token's logit is −Infinity, whose product with 0 would be NaN.
            value!.set(v128.and(v128.load(16 * index, values!.get), f32x4.greater(weight!.get, v128.zero))),
            sum0!.set(
              f64x2.add(
                sum0!.get,
                product((of) => of),
              ),
            ),
            sum1!.set(f64x2.add(sum1!.get, product(upper))),
          ];
        }),
        weights!.increase(blockBytes),
        values!.increase(blockBytes),
      ),
      horizontal([sum0!, sum1!], both!),
    ),
  double,
);

/** `nearness(weights, values, end, center, to)`: −|value − center| where weights are above 0, else −Infinity. */
const nearness = wasmFunction(
  [int, int, int, float, int],
  [four, four],
  (weights, values, end, center, to, centers, lowest) =>
    sequence(
      centers!.set(f32x4.splat(center!.get)),
      lowest!.set(f32x4.splat([0x43, 0, 0, 0x80, 0xff])),
      repeatWhile(
        i32.less(weights!.get, end!.get),
        ...vectorsOfBlock.map((index) => {
          const distance = f32x4.absolute(f32x4.subtract(v128.load(16 * index, values!.get), centers!.get));
          const isPossible = f32x4.greater(v128.load(16 * index, weights!.get), v128.zero);
          return v128.store(
            16 * index,
            to!.get,
            v128.select(f32x4.negate(distance), lowest!.get, isPossible),
          );
        }),
        weights!.increase(blockBytes),
        values!.increase(blockBytes),
        to!.increase(blockBytes),
      ),
    ),
);

/** `clearBelow(weights, end, low)`: sets the weights below `low` to 0. */
const clearBelow = wasmFunction([int, int, float], [four, four], (weights, end, low, lows, weight) =>
  sequence(
    lows!.set(f32x4.splat(low!.get)),
    repeatWhile(
      i32.less(weights!.get, end!.get),
      ...vectorsOfBlock.flatMap((index) => [
        weight!.set(v128.load(16 * index, weights!.get)),
        v128.store(16 * index, weights!.get, v128.and(weight!.get, f32x4.atLeast(weight!.get, lows!.get))),
      ]),
      weights!.increase(blockBytes),
    ),
  ),
);

/** `pick(indices, end, from, to)`: copies the numbers with these indices (int32). */
const pick = wasmFunction([int, int, int, int], [], (indices, end, from, to) =>
  repeatWhile(
    i32.less(indices!.get, end!.get),
    i32.store(
      0,
      to!.get,
      i32.load(0, i32.add(from!.get, i32.shiftLeft(i32.load(0, indices!.get), i32.const(2)))),
    ),
    indices!.increase(4),
    to!.increase(4),
  ),
);

type Numbers = readonly number[];

/** The module's functions, as described above. */
export interface SamplingKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly blockMaxima: (...parameters: Numbers) => void;
  readonly split: (...parameters: Numbers) => number;
  readonly weightedSum: (...parameters: Numbers) => number;
  readonly nearness: (...parameters: Numbers) => void;
  readonly clearBelow: (...parameters: Numbers) => void;
  readonly pick: (...parameters: Numbers) => void;
}

/** What of WebAssembly is used; TypeScript's types for Node have none of it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const pageBytes = 2 ** 16;

/** Opens the kernel with a memory of its own. @param bytes how large. */
export function openSamplingKernel(bytes: number): SamplingKernel {
  const functions = { blockMaxima, split, weightedSum, nearness, clearBelow, pick };
  const module = new WebAssembly.Module(wasmModule(functions, Math.ceil(bytes / pageBytes)));
  return new WebAssembly.Instance(module).exports as SamplingKernel;
}
