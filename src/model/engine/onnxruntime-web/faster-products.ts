import { hexOf, sha256 } from '../../../common/sha256.js';
import { functionBody, unsigned, wasmModule } from '../../../common/wasm-code.js';
import { sgemmKernel } from './sgemm-kernel.js';

/** What computes matrix products: ONNX Runtime's own functions, or those of ./sgemm-kernel.ts. */
export type Products = 'as shipped' | 'own' | 'own, fused';

/**
 * The innermost functions of ONNX Runtime's matrix products (its SgemmKernelWasmSimd.cpp) in both builds of onnxruntime-web
 * 1.30, by the SHA-256 of their bytes, and whether they add to what is there.
 */
const innermost: ReadonlyMap<string, boolean> = new Map([
  ['f7728808b5f87253962b9f639f830459c0961fbc2cd2f8463534e97ae5a7e534', false],
  ['9e72cc3a5fb5a445d440bf86c3de4b8bb338ee3773f763c730af6227034c8f08', true],
]);
/** Their lengths, so that no other function is hashed. */
const lengths = new Set([2040, 1922]);

const headerBytes = 8;
const codeSection = 10;

/** What of WebAssembly is used; TypeScript's types for Node have none of it. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

/** Whether products and sums can be one instruction here (relaxed SIMD). */
export const canFuse = (): boolean =>
  WebAssembly.validate(wasmModule({ kernel: sgemmKernel({ isAdding: false, isFused: true }) }, 1));

/**
 * ONNX Runtime's WebAssembly with the innermost loops of its matrix products, which are most of a training, by our own: theirs
 * keep more vectors at hand than an x86 processor has registers. A build that is not known stays as it is.
 * @param binary a `.wasm` file that the browser would take.
 */
export function withFasterProducts(
  binary: Uint8Array,
  isFused: boolean,
): { readonly binary: Uint8Array; readonly products: Products } {
  const unchanged = { binary, products: 'as shipped' } as const;
  const code = findSection(binary, codeSection);
  if (!code || code.end > binary.length) return unchanged;
  const parts: Uint8Array[] = [];
  let copiedTo = code.start;
  let found = 0;
  for (const { start, end, bodyStart } of functionsOf(binary, code.start)) {
    if (!lengths.has(end - bodyStart)) continue;
    const isAdding = innermost.get(hexOf(sha256(binary.subarray(bodyStart, end))));
    if (isAdding === undefined) continue;
    const body = Uint8Array.from(functionBody(sgemmKernel({ isAdding, isFused })));
    parts.push(binary.subarray(copiedTo, start), Uint8Array.from(unsigned(body.length)), body);
    copiedTo = end;
    found++;
  }
  if (found !== innermost.size) return unchanged;
  parts.push(binary.subarray(copiedTo, code.end));
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const before = [binary.subarray(0, code.sizeStart), Uint8Array.from(unsigned(size))];
  return {
    binary: joined([...before, ...parts, binary.subarray(code.end)]),
    products: isFused ? 'own, fused' : 'own',
  };
}

/** A number in LEB128, and where it ends. */
function readUnsigned(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let factor = 1, end = at; ; factor *= 128) {
    const byte = bytes[end++]!;
    value += (byte & 0x7f) * factor;
    if ((byte & 0x80) === 0) return { value, end };
  }
}

interface Section {
  /** Where its size stands. */
  readonly sizeStart: number;
  readonly start: number;
  readonly end: number;
}

function findSection(bytes: Uint8Array, wanted: number): Section | undefined {
  for (let at = headerBytes; at < bytes.length; ) {
    const { value: size, end: start } = readUnsigned(bytes, at + 1);
    if (bytes[at] === wanted) return { sizeStart: at + 1, start, end: start + size };
    at = start + size;
  }
  return undefined;
}

/** The functions of the code section, each with its length before its body. */
function* functionsOf(
  bytes: Uint8Array,
  at: number,
): Generator<{ readonly start: number; readonly bodyStart: number; readonly end: number }> {
  const { value: count, end: first } = readUnsigned(bytes, at);
  for (let index = 0, start = first; index < count; index++) {
    const { value: length, end: bodyStart } = readUnsigned(bytes, start);
    const end = bodyStart + length;
    yield { start, bodyStart, end };
    start = end;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
