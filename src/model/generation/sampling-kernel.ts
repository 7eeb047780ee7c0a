import { type WasmFunction, wasmModule } from '../../common/wasm-code.js';
import { selectionLoops } from './selection-loops.js';
import { typicalLoops } from './typical-loops.js';

/** The functions of ./selection-loops.ts and ./typical-loops.ts, where each is described. Addresses and ends are in bytes. */
export interface SamplingKernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  highest(from: number, end: number): number;
  sumsFrom(keys: number, masses: number, end: number, low: number, sums: number): void;
  list(keys: number, end: number, low: number, index: number, indices: number): number;
  split(
    keys: number,
    masses: number,
    end: number,
    low: number,
    high: number,
    sums: number,
    indices: number,
    below: number,
  ): number;
  counts(keys: number, end: number, value: number, to: number): void;
  cutoff(keys: number, masses: number, end: number, target: number, low: number, high: number): number;
  tally(keys: number, masses: number, end: number, value: number, to: number): void;
  shares(
    keys: number,
    masses: number,
    end: number,
    stride: number,
    first: number,
    second: number,
    third: number,
    to: number,
  ): void;
  moments(weights: number, values: number, end: number, to: number): void;
  nearness(weights: number, values: number, end: number, center: number, to: number): void;
  clearBelow(weights: number, end: number, low: number): void;
  pick(indices: number, end: number, from: number, to: number): number;
}

const one = new Float32Array(1);
const bits = new Int32Array(one.buffer);

/** The place of a float32 among all of them in order. */
export function orderOf(value: number): number {
  one[0] = value;
  return bits[0]! ^ ((bits[0]! >> 31) & 0x7fffffff);
}

/** The float32 at a place in that order. */
export function atOrder(order: number): number {
  bits[0] = order ^ ((order >> 31) & 0x7fffffff);
  return one[0]!;
}

/** The next larger float32. @param value not −0 nor +Infinity. */
export const nextFloat = (value: number): number => atOrder(orderOf(value) + 1);

/** What of WebAssembly is used; TypeScript's types for Node have none of it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

const pageBytes = 2 ** 16;
let compiled: object | undefined;

/** Opens the kernel, which is compiled once, with a memory of its own. @param bytes how large. */
export function openSamplingKernel(bytes: number): SamplingKernel {
  const functions: Readonly<Record<string, WasmFunction>> = { ...selectionLoops, ...typicalLoops };
  compiled ??= new WebAssembly.Module(wasmModule(functions, 1));
  const kernel = new WebAssembly.Instance(compiled).exports as SamplingKernel;
  kernel.memory.grow(Math.ceil(bytes / pageBytes));
  return kernel;
}
