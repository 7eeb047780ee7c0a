import {
  type Code,
  f32x4,
  f64,
  f64x2,
  type Local,
  sequence,
  types,
  v128,
  wasmFunction,
} from '../../common/wasm-code.js';
import { horizontal, offsets, turns, upperHalf } from './kernel-turns.js';

const { i32: int, f32: float, v128: four } = types;

/** `moments(weights, values, end, to)`: writes the sum of the weights, and that of the products with values (float64). */
const moments = wasmFunction(
  [int, int, int, int],
  new Array<number>(8).fill(four),
  (weights, values, end, to, ...rest) => {
    const [weight, value, lowest, part] = rest as [Local, Local, Local, Local];
    const [all0, all1, sum0, sum1] = rest.slice(4) as [Local, Local, Local, Local];
    const addHalf = (half: (of: Code) => Code, all: Local, sum: Local): Code =>
      sequence(
        part.set(f64x2.promote(half(weight.get))),
        all.set(f64x2.add(all.get, part.get)),
        sum.set(f64x2.add(sum.get, f64x2.multiply(part.get, f64x2.promote(half(value.get))))),
      );
    return sequence(
      lowest.set(f32x4.splat([0x43, 0xff, 0xff, 0x7f, 0xff])),
      turns(
        weights!,
        end!.get,
        [values!],
        ...offsets.flatMap((offset) => [
          weight.set(v128.load(offset, weights!.get)),
          // An impossible token's logit is −Infinity, whose product with 0 would be NaN.
          value.set(f32x4.larger(v128.load(offset, values!.get), lowest.get)),
          addHalf((of) => of, all0, sum0),
          addHalf(upperHalf, all1, sum1),
        ]),
      ),
      f64.store(0, to!.get, horizontal([all0, all1], weight)),
      f64.store(8, to!.get, horizontal([sum0, sum1], weight)),
    );
  },
);

/** `nearness(weights, values, end, center, to)`: −|value − center| where weights are above 0, else −Infinity. */
const nearness = wasmFunction(
  [int, int, int, float, int],
  [four, four],
  (weights, values, end, center, to, centers, lowest) =>
    sequence(
      centers!.set(f32x4.splat(center!.get)),
      lowest!.set(f32x4.splat([0x43, 0, 0, 0x80, 0xff])),
      turns(
        weights!,
        end!.get,
        [values!, to!],
        ...offsets.map((offset) => {
          const distance = f32x4.absolute(f32x4.subtract(v128.load(offset, values!.get), centers!.get));
          const isPossible = f32x4.greater(v128.load(offset, weights!.get), v128.zero);
          return v128.store(offset, to!.get, v128.select(f32x4.negate(distance), lowest!.get, isPossible));
        }),
      ),
    ),
);

/** `clearBelow(weights, end, low)`: sets the weights below `low` to 0. */
const clearBelow = wasmFunction([int, int, float], [four, four], (weights, end, low, lows, weight) =>
  sequence(
    lows!.set(f32x4.splat(low!.get)),
    turns(
      weights!,
      end!.get,
      [],
      ...offsets.flatMap((offset) => [
        weight!.set(v128.load(offset, weights!.get)),
        v128.store(offset, weights!.get, v128.and(weight!.get, f32x4.atLeast(weight!.get, lows!.get))),
      ]),
    ),
  ),
);

export const typicalLoops = { moments, nearness, clearBelow };
