import { weightedColumnSum } from './column-sums.js';
import type { OnnxWriter } from './writer.js';

/** ONNX names of an `rmsNormalizationGradient`'s inputs. */
type Names = Readonly<Record<'x' | 'scale' | 'rrms' | 'g', string>>;

/** Rows N and columns C of x. */
interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** How a device takes the mean of each row of x's shape, its elements multiplied by those of a vector [C]: [..,1]. */
type RowMeans = (writer: OnnxWriter, value: string, weights: string, columns: number) => string;

/** A processor's: a product with a vector, which writes nothing as large as x. */
export const processorRowMeans: RowMeans = (writer, value, weights, columns) => {
  const column = writer.emit('Reshape', [weights, writer.constant('int64', [columns, 1], [2])]);
  const sum = writer.emit('MatMul', [value, column]);
  return writer.emit('Mul', [sum, writer.constant('float32', [1 / columns], [])]);
};

/** A graphics card's. */
export const deviceRowMeans: RowMeans = (writer, value, weights) =>
  writer.emit('ReduceMean', [writer.emit('Mul', [value, weights]), writer.constant('int64', [-1], [1])]);

/** The sum of the rows, [C], as products with ones: on a processor in half of ReduceSum's time. */
function sumOfRows(writer: OnnxWriter, value: string, size: Size): string {
  const sum = weightedColumnSum(writer, value, size, 'float32');
  return writer.emit('Reshape', [sum, writer.constant('int64', [size.columns], [1])]);
}

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
  rowMeans: RowMeans,
  isScaleUsed: boolean,
): [byX: string, byScale: string] {
  const columns = shape.at(-1)!;
  const size = { rows: shape.reduce((product, length) => product * length, 1) / columns, columns };
  const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
  const normalized = multiply(x, rrms);
  const product = multiply(g, normalized);
  const projected = multiply(normalized, rowMeans(writer, product, scale, columns));
  const byX = multiply(writer.emit('Sub', [multiply(g, scale), projected]), rrms);
  return [byX, isScaleUsed ? sumOfRows(writer, product, size) : ''];
}
