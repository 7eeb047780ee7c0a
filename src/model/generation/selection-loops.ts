import {
  type Code,
  either,
  f32,
  f32x4,
  f64,
  i32,
  i32x4,
  type Local,
  repeatWhile,
  sequence,
  types,
  v128,
  wasmFunction,
  when,
} from '../../common/wasm-code.js';
import { addPromoted, blocks, horizontal, offsets, turnLength, turns, upperHalf } from './kernel-turns.js';

const { i32: int, f32: float, f64: double, v128: four } = types;

const infinite = f32x4.splat(f32.const(Number.POSITIVE_INFINITY));
const minusInfinite = f32x4.splat(f32.const(Number.NEGATIVE_INFINITY));

/** The largest or smallest of four lanes. */
const extreme = (of: (a: Code, b: Code) => Code, lanes: Local): Code =>
  sequence(
    lanes.set(of(lanes.get, v128.shuffle([2, 3, 0, 1], lanes.get, lanes.get))),
    lanes.set(of(lanes.get, v128.shuffle([1, 0, 3, 2], lanes.get, lanes.get))),
    f32x4.lane(0, lanes.get),
  );

/** `highest(from, end)`: the largest number. */
const highest = wasmFunction(
  [int, int],
  [four],
  (from, end, most) =>
    sequence(
      most!.set(v128.load(0, from!.get)),
      turns(
        from!,
        end!.get,
        [],
        ...offsets.map((offset) => most!.set(f32x4.larger(most!.get, v128.load(offset, from!.get)))),
      ),
      extreme(f32x4.larger, most!),
    ),
  float,
);

/** `sumsFrom(keys, masses, end, low, sums)`: writes for each block the sum of the masses whose keys are at least `low`. */
const sumsFrom = wasmFunction(
  [int, int, int, float, int],
  [int, four, four, four, four],
  (keys, masses, end, low, sums, stop, lows, mass, sum0, sum1) => {
    const both = [sum0!, sum1!] as const;
    const add = (offset: number): Code => {
      const isKept = f32x4.atLeast(v128.load(offset, keys!.get), lows!.get);
      return sequence(mass!.set(v128.and(v128.load(offset, masses!.get), isKept)), addPromoted(both, mass!));
    };
    return sequence(
      lows!.set(f32x4.splat(low!.get)),
      blocks(
        { from: keys!, end: end!, stop: stop!, pointers: [masses!] },
        sequence(sum0!.set(v128.zero), sum1!.set(v128.zero)),
        sequence(...offsets.map(add)),
        sequence(f64.store(0, sums!.get, horizontal(both, mass!)), sums!.increase(8)),
      ),
    );
  },
);

type Lanes = readonly [Local, Local, Local, Local];

/** Writes the indices of lanes that have bits to `to`, counted from `index`. */
const listLanes = (
  [a, b, c, d]: Lanes,
  { bits, index, to }: { bits: Local; index: Local; to: Local },
): Code =>
  sequence(
    bits.set(v128.signs(v128.narrowTo8(v128.narrowTo16(a.get, b.get), v128.narrowTo16(c.get, d.get)))),
    when(
      bits.get,
      repeatWhile(
        bits.get,
        i32.store(0, to.get, i32.add(index.get, i32.trailingZeros(bits.get))),
        to.increase(4),
        bits.set(i32.and(bits.get, i32.subtract(bits.get, i32.const(1)))),
      ),
    ),
  );

/** `list(keys, end, low, index, indices)`: writes the indices (int32) of keys at least `low`, counted from `index`; returns where they end. */
const list = wasmFunction(
  [int, int, float, int, int],
  [int, four, four, four, four, four],
  (keys, end, low, index, indices, bits, lows, ...rest) => {
    const found = rest as unknown as Lanes;
    return sequence(
      lows!.set(f32x4.splat(low!.get)),
      turns(
        keys!,
        end!.get,
        [],
        ...offsets.map((offset, at) =>
          found[at]!.set(f32x4.atLeast(v128.load(offset, keys!.get), lows!.get)),
        ),
        listLanes(found, { bits: bits!, index: index!, to: indices! }),
        index!.increase(turnLength),
      ),
      indices!.get,
    );
  },
  int,
);

/**
 * `split(keys, masses, end, low, high, sums, indices, below)`: writes for each block the sum of the masses whose keys are
 * above `high` (float64); the indices (int32) of keys from `low` to `high`; and the sum of the masses whose keys are below `low`,
 * with {@link roundedSumError} (float64). Returns where the indices end.
 */
const split = wasmFunction(
  [int, int, int, float, float, int, int, int],
  [int, int, int, ...new Array<number>(14).fill(four)],
  (keys, masses, end, low, high, sums, indices, below, ...rest) => {
    const [index, bits, stop] = rest as [Local, Local, Local];
    const [lows, highs, sum0, sum1, below0, below1] = rest.slice(3) as [...Lanes, Local, Local];
    const [key, mass, even, odd] = rest.slice(9) as unknown as Lanes;
    const inside = rest.slice(13) as unknown as Lanes;
    const vector = (offset: number, found: Local, partial: Local): Code =>
      sequence(
        key.set(v128.load(offset, keys!.get)),
        mass.set(v128.load(offset, masses!.get)),
        found.set(f32x4.atLeast(key.get, lows.get)),
        partial.set(f32x4.add(partial.get, v128.andNot(mass.get, found.get))),
        key.set(f32x4.greater(key.get, highs.get)),
        found.set(v128.andNot(found.get, key.get)),
        mass.set(v128.and(mass.get, key.get)),
        addPromoted([sum0, sum1], mass),
      );
    return sequence(
      lows.set(f32x4.splat(low!.get)),
      highs.set(f32x4.splat(high!.get)),
      blocks(
        { from: keys!, end: end!, stop, pointers: [masses!] },
        sequence(...[sum0, sum1, even, odd].map((sum) => sum.set(v128.zero))),
        sequence(
          ...offsets.map((offset, at) => vector(offset, inside[at]!, at % 2 === 0 ? even : odd)),
          listLanes(inside, { bits, index, to: indices! }),
          index.increase(turnLength),
        ),
        sequence(
          f64.store(0, sums!.get, horizontal([sum0, sum1], key)),
          sums!.increase(8),
          addPromoted([below0, below1], even),
          addPromoted([below0, below1], odd),
        ),
      ),
      f64.store(0, below!.get, horizontal([below0, below1], key)),
      indices!.get,
    );
  },
  int,
);

/**
 * By what share {@link split} may miss the sum of what is below: in a block, each lane of two adds up eight in float32, which
 * rounds seven times (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, 4.2).
 */
export const roundedSumError = 8 * 2 ** -24;

/** The sum of four int32. */
const total = (lanes: Local): Code =>
  sequence(
    lanes.set(i32x4.add(lanes.get, upperHalf(lanes.get))),
    lanes.set(i32x4.add(lanes.get, v128.shuffle([1, 0, 3, 2], lanes.get, lanes.get))),
    i32x4.lane(0, lanes.get),
  );

/** `counts(keys, end, value, counts)`: writes for each block how many keys equal a value (int32). */
const counts = wasmFunction(
  [int, int, float, int],
  [int, four, four],
  (keys, end, value, to, stop, values, number) => {
    const count = (offset: number): Code => {
      const isEqual = f32x4.equal(v128.load(offset, keys!.get), values!.get);
      return number!.set(i32x4.subtract(number!.get, isEqual));
    };
    return sequence(
      values!.set(f32x4.splat(value!.get)),
      blocks(
        { from: keys!, end: end!, stop: stop!, pointers: [] },
        number!.set(v128.zero),
        sequence(...offsets.map(count)),
        sequence(i32.store(0, to!.get, total(number!)), to!.increase(4)),
      ),
    );
  },
);

/** The float32 of a place among all of them in order: {@link orderOf} of it. */
const ofOrder = (order: Local): Code =>
  f32.fromBits(i32.xor(order.get, i32.and(i32.shiftRight(order.get, i32.const(31)), i32.const(0x7fffffff))));

/** The place of a float32 among all of them in order. */
const orderOf = (value: Code, bits: Local): Code =>
  sequence(
    bits.set(f32.toBits(value)),
    i32.xor(bits.get, i32.and(i32.shiftRight(bits.get, i32.const(31)), i32.const(0x7fffffff))),
  );

/**
 * `cutoff(keys, masses, end, target, low, high)`: the largest number, of `low` to `high`, that keys whose masses add up to
 * the target (float64) are at least equal to; `low` if there is none. Numbers are given and returned by their order. The
 * bracket is halved, and then shrunk to the keys in it.
 */
const cutoff = wasmFunction(
  [int, int, int, double, int, int],
  [int, int, int, int, ...new Array<number>(9).fill(four)],
  (keys, masses, end, target, low, high, middle, at, massesAt, bits, ...rest) => {
    const [bound, key, mass, isKept, sum0, sum1, both, least, most] = rest as [...Lanes, ...Lanes, Local];
    const sums = [sum0, sum1] as const;
    const add = (offset: number): Code =>
      sequence(
        key.set(v128.load(offset, at!.get)),
        isKept.set(f32x4.atLeast(key.get, bound.get)),
        mass.set(v128.and(v128.load(offset, massesAt!.get), isKept.get)),
        addPromoted(sums, mass),
        least.set(f32x4.smaller(least.get, v128.select(key.get, infinite, isKept.get))),
        most.set(f32x4.larger(most.get, v128.select(minusInfinite, key.get, isKept.get))),
      );
    const half = i32.shiftRight(i32.xor(low!.get, high!.get), i32.const(1));
    return sequence(
      when(
        i32.lessSigned(low!.get, high!.get),
        repeatWhile(
          i32.lessSigned(low!.get, high!.get),
          // The upper one of two middles, without a sum that 32 bits have no room for.
          middle!.set(i32.add(i32.and(low!.get, high!.get), half)),
          middle!.set(i32.add(middle!.get, i32.and(i32.xor(low!.get, high!.get), i32.const(1)))),
          bound.set(f32x4.splat(ofOrder(middle!))),
          at!.set(keys!.get),
          massesAt!.set(masses!.get),
          sum0.set(v128.zero),
          sum1.set(v128.zero),
          least.set(infinite),
          most.set(minusInfinite),
          turns(at!, end!.get, [massesAt!], ...offsets.map(add)),
          either(
            f64.atLeast(horizontal(sums, both), target!.get),
            sequence(
              low!.set(orderOf(extreme(f32x4.smaller, least), bits!)),
              when(i32.lessSigned(high!.get, low!.get), low!.set(high!.get)),
            ),
            sequence(
              high!.set(orderOf(extreme(f32x4.larger, most), bits!)),
              when(i32.lessSigned(high!.get, low!.get), high!.set(low!.get)),
            ),
          ),
        ),
      ),
      low!.get,
    );
  },
  int,
);

/**
 * `tally(keys, masses, end, value, to)`: writes the mass of the keys above a value, that of the keys equal to it, and how many
 * these are (float64).
 */
const tally = wasmFunction(
  [int, int, int, float, int],
  new Array<number>(9).fill(four),
  (keys, masses, end, value, to, ...rest) => {
    const [values, key, mass, both] = rest as unknown as Lanes;
    const [above0, above1, equal0, equal1] = rest.slice(4) as unknown as Lanes;
    const number = rest[8]!;
    const add = (offset: number): Code =>
      sequence(
        key.set(v128.load(offset, keys!.get)),
        mass.set(v128.and(v128.load(offset, masses!.get), f32x4.greater(key.get, values.get))),
        addPromoted([above0, above1], mass),
        key.set(f32x4.equal(key.get, values.get)),
        mass.set(v128.and(v128.load(offset, masses!.get), key.get)),
        addPromoted([equal0, equal1], mass),
        number.set(i32x4.subtract(number.get, key.get)),
      );
    return sequence(
      values.set(f32x4.splat(value!.get)),
      when(i32.less(keys!.get, end!.get), turns(keys!, end!.get, [masses!], ...offsets.map(add))),
      f64.store(0, to!.get, horizontal([above0, above1], both)),
      f64.store(8, to!.get, horizontal([equal0, equal1], both)),
      f64.store(16, to!.get, f64.ofInteger(total(number))),
    );
  },
);

/**
 * `shares(keys, masses, end, stride, first, second, third, to)`: looks at 16 keys of every `stride` bytes, and writes the
 * masses of all these and those of keys at least one of three numbers, as four float32 each that add up, with the rounding
 * of float32.
 */
const shares = wasmFunction(
  [int, int, int, int, float, float, float, int],
  new Array<number>(9).fill(four),
  (keys, masses, end, stride, first, second, third, to, ...rest) => {
    const [key, mass] = rest as [Local, Local];
    const [bounds, sums] = [rest.slice(2, 5), rest.slice(5)] as [Local[], [Local, ...Local[]]];
    const add = (sum: Local, value: Code): Code => sum.set(f32x4.add(sum.get, value));
    return sequence(
      ...[first!, second!, third!].map((value, index) => bounds[index]!.set(f32x4.splat(value.get))),
      repeatWhile(
        i32.less(keys!.get, end!.get),
        ...offsets.flatMap((offset) => [
          key.set(v128.load(offset, keys!.get)),
          mass.set(v128.load(offset, masses!.get)),
          add(sums[0], mass.get),
          ...bounds.map((bound, index) =>
            add(sums[index + 1]!, v128.and(mass.get, f32x4.atLeast(key.get, bound.get))),
          ),
        ]),
        keys!.set(i32.add(keys!.get, stride!.get)),
        masses!.set(i32.add(masses!.get, stride!.get)),
      ),
      ...sums.map((sum, index) => v128.store(16 * index, to!.get, sum.get)),
    );
  },
);

/** `pick(indices, end, from, to)`: copies the numbers with these indices (int32); returns their sum (float64). */
const pick = wasmFunction(
  [int, int, int, int],
  [int, double],
  (indices, end, from, to, at, sum) =>
    sequence(
      when(
        i32.less(indices!.get, end!.get),
        repeatWhile(
          i32.less(indices!.get, end!.get),
          at!.set(i32.add(from!.get, i32.shiftLeft(i32.load(0, indices!.get), i32.const(2)))),
          f32.store(0, to!.get, f32.load(0, at!.get)),
          sum!.set(f64.add(sum!.get, f64.ofFloat32(f32.load(0, at!.get)))),
          indices!.increase(4),
          to!.increase(4),
        ),
      ),
      sum!.get,
    ),
  double,
);

export const selectionLoops = { highest, sumsFrom, list, split, counts, cutoff, tally, shares, pick };
