import {
  type Code,
  f64,
  f64x2,
  i32,
  type Local,
  repeatWhile,
  sequence,
  v128,
} from '../../common/wasm-code.js';

/**
 * The loops over a row of scores, in WebAssembly with vectors of four float32: a pass over 50,257 takes 3 to 20 µs, in
 * JavaScript 50. They look at whole blocks; what pads the last one is 0. Addresses and lengths are in bytes.
 */

/** Numbers a block. */
export const blockLength = 64;
const blockBytes = 4 * blockLength;
/** A turn of a loop looks at four vectors; more are no faster, and at sixteen some loops take twice as long. */
export const turnLength = 16;
const turnBytes = 4 * turnLength;
/** Of the vectors of a turn, in bytes. */
export const offsets = [0, 16, 32, 48] as const;

type Pair = readonly [Local, Local];

export const upperHalf = (of: Code): Code => v128.shuffle([2, 3, 2, 3], of, of);

/** Both halves of four float32 as float64, each added to a sum. */
export const addPromoted = (sums: Pair, value: Local): Code =>
  sequence(
    sums[0].set(f64x2.add(sums[0].get, f64x2.promote(value.get))),
    sums[1].set(f64x2.add(sums[1].get, f64x2.promote(upperHalf(value.get)))),
  );

export const horizontal = (sums: Pair, both: Local): Code =>
  sequence(
    both.set(f64x2.add(sums[0].get, sums[1].get)),
    f64.add(f64x2.lane(0, both.get), f64x2.lane(1, both.get)),
  );

/** Runs turns of a loop from an address to an end; `pointers` go with it. */
export const turns = (from: Local, end: Code, pointers: readonly Local[], ...body: Code[]): Code =>
  repeatWhile(
    i32.less(from.get, end),
    ...body,
    ...[from, ...pointers].map((pointer) => pointer.increase(turnBytes)),
  );

/** Runs the turns of each block, between what begins and what ends it. */
export const blocks = (
  { from, end, stop, pointers }: { from: Local; end: Local; stop: Local; pointers: readonly Local[] },
  begin: Code,
  body: Code,
  finish: Code,
): Code =>
  repeatWhile(
    i32.less(from.get, end.get),
    begin,
    stop.set(i32.add(from.get, i32.const(blockBytes))),
    turns(from, stop.get, pointers, body),
    finish,
  );
