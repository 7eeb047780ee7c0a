/**
 * Writes WebAssembly modules ("WebAssembly Core Specification" 2.0, chapter 5: binary format), as far as small kernels
 * need it: functions over one memory, with 128-bit vectors. Code is bytes; what takes operands puts theirs first.
 */
export type Code = readonly number[];

/** The types of values, by their bytes. */
export const types = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** LEB128. */
export function unsigned(value: number): Code {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return bytes;
}

function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const isLast = rest >= -64 && rest < 64;
    bytes.push((rest & 0x7f) | (isLast ? 0 : 0x80));
    if (isLast) return bytes;
  }
}

const join = (codes: readonly Code[]): Code => codes.flat();
const operation =
  (...opcode: number[]) =>
  (...operands: Code[]): Code => [...join(operands), ...opcode];
const vector = (opcode: number) => operation(0xfd, ...unsigned(opcode));
/** Reads or writes memory at an address plus `offset` bytes. */
const access =
  (...opcode: number[]) =>
  (offset: number, ...operands: Code[]): Code => [...join(operands), ...opcode, 0, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: operation(0x6a),
  subtract: operation(0x6b),
  /** How many of the lowest bits are 0. */
  trailingZeros: operation(0x68),
  and: operation(0x71),
  or: operation(0x72),
  xor: operation(0x73),
  shiftLeft: operation(0x74),
  /** Of a signed number. */
  shiftRight: operation(0x75),
  less: operation(0x49),
  /** Of signed numbers. */
  lessSigned: operation(0x48),
  load: access(0x28),
  store: access(0x36),
};

export const f32 = {
  const: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  toBits: operation(0xbc),
  fromBits: operation(0xbe),
  load: access(0x2a),
  store: access(0x38),
};

export const f64 = {
  add: operation(0xa0),
  atLeast: operation(0x66),
  ofFloat32: operation(0xbb),
  ofInteger: operation(0xb7),
  store: access(0x39),
};

export const v128 = {
  zero: [0xfd, 0x0c, ...new Array<number>(16).fill(0)] as Code,
  load: access(0xfd, 0x00),
  store: access(0xfd, 0x0b),
  storeLane: (offset: number, lane: number, ...operands: Code[]): Code => [
    ...access(0xfd, 0x5a)(offset, ...operands),
    lane,
  ],
  /** Stores one of the two halves, 64 bits. */
  storeHalf: (offset: number, half: number, ...operands: Code[]): Code => [
    ...access(0xfd, 0x5b)(offset, ...operands),
    half,
  ],
  /** Reads 32 bits into all four lanes. */
  loadSplat: access(0xfd, 0x09),
  /** Reads 32 or 64 bits into the first lanes; the others are 0. */
  loadLane: access(0xfd, 0x5c),
  loadHalf: access(0xfd, 0x5d),
  and: vector(0x4e),
  /** The first without the bits of the second. */
  andNot: vector(0x4f),
  or: vector(0x50),
  /** Of the first where the third has bits, else of the second. */
  select: vector(0x52),
  /** The lanes of two as numbers of half the size, in order: 32 bits to 16, 16 to 8. What does not fit becomes the nearest. */
  narrowTo16: vector(0x85),
  narrowTo8: vector(0x65),
  /** The signs of 16 lanes, a bit each. */
  signs: vector(0x64),
  /** Four of eight 32-bit lanes, those of the second counted from 4. */
  shuffle: (lanes: readonly number[], a: Code, b: Code): Code => [
    ...a,
    ...b,
    0xfd,
    0x0d,
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  ],
};

export const f32x4 = {
  splat: vector(0x13),
  equal: vector(0x41),
  greater: vector(0x44),
  atLeast: vector(0x46),
  absolute: vector(0xe0),
  negate: vector(0xe1),
  add: vector(0xe4),
  subtract: vector(0xe5),
  /** The smaller, by one instruction: of NaN, either. */
  smaller: vector(0xea),
  multiply: vector(0xe6),
  /** The product of the first two plus the third, rounded once or twice, as the processor does it faster (relaxed SIMD). */
  multiplyAdd: vector(0x105),
  /** The larger, by one instruction: of NaN, either. */
  larger: vector(0xeb),
  lane: (index: number, value: Code): Code => [...value, 0xfd, 0x1f, index],
};

/** Lanes as int32. */
export const i32x4 = {
  add: vector(0xae),
  subtract: vector(0xb1),
  lane: (index: number, value: Code): Code => [...value, 0xfd, 0x1b, index],
};

export const f64x2 = {
  add: vector(0xf0),
  multiply: vector(0xf2),
  /** The first two lanes of four float32. */
  promote: vector(0x5f),
  lane: (index: number, value: Code): Code => [...value, 0xfd, 0x21, index],
};

/** A local variable or parameter of a function. */
export class Local {
  readonly get: Code;

  constructor(
    private readonly index: number,
    readonly type: number,
  ) {
    this.get = [0x20, ...unsigned(index)];
  }

  set(value: Code): Code {
    return [...value, 0x21, ...unsigned(this.index)];
  }

  /** Adds to it, as a number of 32 bits. */
  increase(by: number): Code {
    return this.set(i32.add(this.get, i32.const(by)));
  }
}

/** Code one after the other. */
export const sequence = (...parts: Code[]): Code => join(parts);

/** Runs a body once, and again while a condition holds. */
export function repeatWhile(condition: Code, ...body: Code[]): Code {
  return [0x03, 0x40, ...join(body), ...condition, 0x0d, 0, 0x0b];
}

export function when(condition: Code, ...body: Code[]): Code {
  return [...condition, 0x04, 0x40, ...join(body), 0x0b];
}

export function either(condition: Code, body: Code, otherwise: Code): Code {
  return [...condition, 0x04, 0x40, ...body, 0x05, ...otherwise, 0x0b];
}

/** A function of a module. */
export interface WasmFunction {
  readonly parameters: readonly number[];
  readonly result?: number;
  readonly locals: readonly number[];
  readonly body: Code;
}

/** Describes a function: `write` gets its parameters and locals in order. */
export function wasmFunction(
  parameters: readonly number[],
  locals: readonly number[],
  write: (...variables: Local[]) => Code,
  result?: number,
): WasmFunction {
  const variables = [...parameters, ...locals].map((type, index) => new Local(index, type));
  return { parameters, locals, body: write(...variables), ...(result === undefined ? {} : { result }) };
}

/** The bytes of a function in a module's code: its locals and its instructions, without their length. */
export const functionBody = ({ locals, body }: WasmFunction): Code => [
  ...list(locals.map((type) => [1, type])),
  ...body,
  0x0b,
];

const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...join(items)];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const name = (text: string): Code => sized([...new TextEncoder().encode(text)]);

/** The bytes of a module that exports functions by their names, and a memory of some pages of 64 KiB as `memory`. */
export function wasmModule(functions: Readonly<Record<string, WasmFunction>>, pages: number): Uint8Array {
  const all = Object.values(functions);
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
  const signatures = all.map(({ parameters, result }) => [
    0x60,
    ...list(parameters.map((type) => [type])),
    ...list(result === undefined ? [] : [[result]]),
  ]);
  const bodies = all.map((each) => sized(functionBody(each)));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, signatures),
    ...section(
      3,
      all.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0x00, ...unsigned(pages)]]),
    ...section(7, [
      ...Object.keys(functions).map((key, index) => [...name(key), 0x00, ...unsigned(index)]),
      [...name('memory'), 0x02, 0],
    ]),
    ...section(10, bodies),
  ]);
}
