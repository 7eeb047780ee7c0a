import {
  type Code,
  either,
  f32x4,
  i32,
  type Local,
  repeatWhile,
  sequence,
  types,
  v128,
  type WasmFunction,
  wasmFunction,
  when,
} from '../../../common/wasm-code.js';

interface SgemmKernel {
  /** Whether what C holds is added to. */
  readonly isAdding: boolean;
  /** Whether multiplying and adding is one instruction (relaxed SIMD). Else the results are those of ONNX Runtime's kernel, bit for bit. */
  readonly isFused: boolean;
}

/** Columns of a panel of B, as ONNX Runtime packs it: row by row, the last panel filled up with zeros. */
const panelColumns = 16;
const vectors = panelColumns / 4;
const vectorBytes = 16;
const floatBytes = 4;
/**
 * Rows of A at once: 2 rows of 4 vectors are 8 sums, which with 4 vectors of B and one number of A stay in the 16 registers
 * of an x86 processor; more do not.
 */
const rowsAtOnce = 2;

/** The parameters and variables of the kernel; addresses are bytes, counts and distances are numbers. */
interface Variables {
  readonly a: Local;
  readonly b: Local;
  readonly c: Local;
  readonly depth: Local;
  readonly rows: Local;
  readonly columns: Local;
  readonly aDistance: Local;
  readonly cDistance: Local;
  readonly alpha: Local;
  /** The next numbers of each row of A. */
  readonly fromA: readonly Local[];
  readonly left: Local;
  readonly out: Local;
  readonly isOne: Local;
  /** A number of A, four times. */
  readonly factor: Local;
  readonly fromB: readonly Local[];
  readonly sums: readonly (readonly Local[])[];
}

/**
 * `size_t kernel(const float* A, const float* B, float* C, size_t K, size_t M, size_t N, size_t lda, size_t ldc, float alpha)`,
 * as ONNX Runtime's matrix products call it: C = alpha A B, or C += alpha A B, of as many of the M rows as the function
 * returns. A's rows are K numbers, `lda` apart; B is packed in panels of 16 columns; C's rows are N numbers, `ldc` apart.
 */
export function sgemmKernel(kind: SgemmKernel): WasmFunction {
  const { i32: integer, f32: number, v128: vector } = types;
  const rowIndices = Array.from({ length: rowsAtOnce }, (_, row) => row);
  const locals = [
    ...rowIndices.map(() => integer),
    ...[integer, integer, integer, vector],
    ...new Array<number>(vectors * (1 + rowsAtOnce)).fill(vector),
  ];
  return wasmFunction(
    [integer, integer, integer, integer, integer, integer, integer, integer, number],
    locals,
    (a, b, c, depth, rows, columns, aDistance, cDistance, alpha, ...rest) => {
      const fromA = rest.slice(0, rowsAtOnce);
      const [left, out, isOne, factor, ...lanes] = rest.slice(rowsAtOnce);
      const sums = rowIndices.map((row) => lanes.slice(vectors * (1 + row), vectors * (2 + row)));
      const variables: Variables = {
        ...{ a: a!, b: b!, c: c!, depth: depth!, rows: rows!, columns: columns!, alpha: alpha! },
        ...{ aDistance: aDistance!, cDistance: cDistance!, left: left!, out: out!, isOne: isOne! },
        ...{ fromA, factor: factor!, fromB: lanes.slice(0, vectors), sums },
      };
      const { get: one } = variables.isOne;
      return sequence(
        variables.isOne.set(i32.less(variables.rows.get, i32.const(rowsAtOnce))),
        either(one, panels(variables, 1, kind), panels(variables, rowsAtOnce, kind)),
        i32.subtract(i32.const(rowsAtOnce), one),
      );
    },
    integer,
  );
}

/** All columns of some rows, a panel at a time. */
function panels(variables: Variables, rows: number, kind: SgemmKernel): Code {
  const { c, columns } = variables;
  const whole = sequence(
    ...writeRows(variables, rows, kind, wholeRow),
    c.increase(panelColumns * floatBytes),
    columns.increase(-panelColumns),
  );
  const part = sequence(...writeRows(variables, rows, kind, partOfRow), columns.set(i32.const(0)));
  return repeatWhile(
    columns.get,
    ...multiplyPanel(variables, rows, kind),
    either(i32.less(columns.get, i32.const(panelColumns)), part, whole),
  );
}

const bytesApart = (distance: Local): Code => i32.shiftLeft(distance.get, i32.const(2));

/** The sums over the depth of a panel. */
function multiplyPanel(variables: Variables, rows: number, { isFused }: SgemmKernel): Code[] {
  const { a, b, depth, aDistance, fromA, factor, fromB, left } = variables;
  const sums = variables.sums.slice(0, rows);
  const addProduct = (sum: Local, x: Code, y: Code): Code =>
    sum.set(isFused ? f32x4.multiplyAdd(x, y, sum.get) : f32x4.add(sum.get, f32x4.multiply(x, y)));
  return [
    ...sums.flat().map((sum) => sum.set(v128.zero)),
    fromA[0]!.set(a.get),
    ...fromA.slice(1, rows).map((next, row) => next.set(i32.add(fromA[row]!.get, bytesApart(aDistance)))),
    left.set(depth.get),
    when(
      left.get,
      repeatWhile(
        left.get,
        ...fromB.map((lanes, index) => lanes.set(v128.load(vectorBytes * index, b.get))),
        ...sums.flatMap((row, index) => [
          factor.set(v128.loadSplat(0, fromA[index]!.get)),
          ...row.map((sum, lanes) => addProduct(sum, factor.get, fromB[lanes]!.get)),
        ]),
        ...fromA.slice(0, rows).map((next) => next.increase(floatBytes)),
        b.increase(panelColumns * floatBytes),
        left.increase(-1),
      ),
    ),
  ];
}

type WriteRow = (variables: Variables, sums: readonly Local[], isAdding: boolean) => Code;

/** Writes a panel's rows of C. */
function writeRows(variables: Variables, rows: number, { isAdding }: SgemmKernel, write: WriteRow): Code[] {
  const { c, cDistance, out, alpha } = variables;
  return variables.sums
    .slice(0, rows)
    .flatMap((sums, row) => [
      out.set(row === 0 ? c.get : i32.add(c.get, bytesApart(cDistance))),
      ...sums.map((sum) => sum.set(f32x4.multiply(sum.get, f32x4.splat(alpha.get)))),
      write(variables, sums, isAdding),
    ]);
}

const sumWith = (sum: Local, isAdding: boolean, held: Code): Code =>
  isAdding ? f32x4.add(sum.get, held) : sum.get;

function wholeRow({ out }: Variables, sums: readonly Local[], isAdding: boolean): Code {
  return sequence(...sums.map((sum, index) => storeVector(out, sum, vectorBytes * index, isAdding)));
}

const storeVector = (out: Local, sum: Local, offset: number, isAdding: boolean): Code =>
  v128.store(offset, out.get, sumWith(sum, isAdding, v128.load(offset, out.get)));

/** Fewer columns than a panel has: 8, 4, 2 and 1 of them, as the bits of their count say; no byte after them is touched. */
function partOfRow({ out, columns }: Variables, sums: readonly Local[], isAdding: boolean): Code {
  const [first, second, third, fourth] = sums as readonly [Local, Local, Local, Local];
  const hasBit = (bit: number): Code => i32.and(columns.get, i32.const(bit));
  return sequence(
    when(
      hasBit(8),
      storeVector(out, first, 0, isAdding),
      storeVector(out, second, vectorBytes, isAdding),
      first.set(third.get),
      second.set(fourth.get),
      out.increase(2 * vectorBytes),
    ),
    when(hasBit(4), storeVector(out, first, 0, isAdding), first.set(second.get), out.increase(vectorBytes)),
    when(
      hasBit(2),
      v128.storeHalf(0, 0, out.get, sumWith(first, isAdding, v128.loadHalf(0, out.get))),
      first.set(v128.shuffle([2, 3, 2, 3], first.get, first.get)),
      out.increase(2 * floatBytes),
    ),
    when(hasBit(1), v128.storeLane(0, 0, out.get, sumWith(first, isAdding, v128.loadLane(0, out.get)))),
  );
}
