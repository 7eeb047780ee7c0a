import { weightedColumnSum } from './column-sums.js';
import type { OnnxWriter } from './writer.js';

/** ONNX names of an `rmsNormalizationGradient`'s inputs. */
type Names = Readonly<Record<'x' | 'scale' | 'rrms' | 'g', string>>;

/** Rows N and columns C of x. */
interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** How a device takes the sums in it. */
interface Sums {
  /** The mean of each row of x's shape, its elements multiplied by those of a vector [C]: [..,1]. */
  readonly weightedMeanOfRows: (writer: OnnxWriter, value: string, weights: string, size: Size) => string;
  /** The sum of the rows, [C]. */
  readonly sumOfColumns: (writer: OnnxWriter, value: string, size: Size, rank: number) => string;
}

/** A processor's: weighted sums are a product with a vector, which writes nothing as large as x. */
export const processorSums: Sums = {
  weightedMeanOfRows: (writer, value, weights, { columns }) => {
    const column = writer.emit('Reshape', [weights, writer.constant('int64', [columns, 1], [2])]);
    const sum = writer.emit('MatMul', [value, column]);
    return writer.emit('Mul', [sum, writer.constant('float32', [1 / columns], [])]);
  },
  sumOfColumns: (writer, value, _, rank) => {
    const axes = Array.from({ length: rank - 1 }, (__, axis) => axis);
    return writer.emit('ReduceSum', [value, writer.constant('int64', axes, [axes.length])], { keepdims: 0 });
  },
};

/** A graphics card's, which computes sums of columns as products. */
export const deviceSums: Sums = {
  weightedMeanOfRows: (writer, value, weights) => {
    const weighted = writer.emit('Mul', [value, weights]);
    return writer.emit('ReduceMean', [weighted, writer.constant('int64', [-1], [1])]);
  },
  sumOfColumns: (writer, value, size) => {
    const sum = weightedColumnSum(writer, value, size, 'float32');
    return writer.emit('Reshape', [sum, writer.constant('int64', [size.columns], [1])]);
  },
};

/** r = 1/√(mean of x² + epsilon) and x·r·scale, in standard operators. @param columns C. */
export function rmsNodes(
  writer: OnnxWriter,
  { x, scale }: Pick<Names, 'x' | 'scale'>,
  columns: number,
  epsilon: number,
): [y: string, rrms: string] {
  const number = (value: number): string => writer.constant('float32', [value], []);
  const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
  const sum = writer.emit('ReduceSum', [multiply(x, x), writer.constant('int64', [-1], [1])]);
  const mean = multiply(sum, number(1 / columns));
  const root = writer.emit('Sqrt', [writer.emit('Add', [mean, number(epsilon)])]);
  const rrms = writer.emit('Div', [number(1), root]);
  return [multiply(multiply(x, rrms), scale), rrms];
}

/** x̂ = x·r:  dx = r·(h − x̂·mean(h·x̂)) with h = g·scale;  dscale = Σ g·x̂, where it is used. */
export function rmsGradientNodes(
  writer: OnnxWriter,
  { x, scale, rrms, g }: Names,
  shape: readonly number[],
  { weightedMeanOfRows, sumOfColumns }: Sums,
  isScaleUsed: boolean,
): [byX: string, byScale: string] {
  const columns = shape.at(-1)!;
  const size = { rows: shape.reduce((product, length) => product * length, 1) / columns, columns };
  const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
  const normalized = multiply(x, rrms);
  const product = multiply(g, normalized);
  const projected = multiply(normalized, weightedMeanOfRows(writer, product, scale, size));
  const byX = multiply(writer.emit('Sub', [multiply(g, scale), projected]), rrms);
  return [byX, isScaleUsed ? sumOfColumns(writer, product, size, shape.length) : ''];
}
