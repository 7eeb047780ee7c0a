import { onnxTypes } from './schema.js';
import { microsoft, type OnnxWriter } from './writer.js';

/** ONNX names of the inputs of a `rotate`. */
type Names = Readonly<Record<'x' | 'positions' | 'cosines' | 'sines', string>>;

/**
 * ONNX Runtime's RotaryEmbedding, one pass over x. Each token is a row of a batch there: it takes no longer row than its
 * tables have positions.
 * @param shape of x, whose first axis may be dynamic if it has two.
 */
export function rotaryEmbedding(
  writer: OnnxWriter,
  { x, positions, cosines, sines }: Names,
  shape: readonly number[],
): string {
  const width = shape.at(-1)!;
  const reshaped = (value: string, ...to: number[]): string =>
    writer.emit('Reshape', [value, writer.constant('int64', to, [to.length])]);
  const column = writer.emit('Cast', [reshaped(positions, -1, 1)], { to: onnxTypes.int64 });
  const rows = [reshaped(x, -1, 1, width), column, cosines, sines];
  const turned = writer.emit('RotaryEmbedding', rows, {}, microsoft);
  return shape.length === 2 ? reshaped(turned, -1, width) : reshaped(turned, ...shape);
}

/** (a, b) becomes (a·cos − b·sin, b·cos + a·sin), in standard operators; all axes but the last may be dynamic. */
export function rotaryProducts(
  writer: OnnxWriter,
  { x, positions, cosines, sines }: Names,
  shape: readonly number[],
  headWidth: number,
): string {
  const rank = shape.length;
  const reshaped = (value: string, to: readonly number[]): string =>
    writer.emit('Reshape', [value, writer.constant('int64', to, [to.length])]);
  const kept = new Array<number>(rank - 1).fill(0);
  const [a, b] = writer.split(reshaped(x, [...kept, -1, headWidth]), rank, [
    headWidth / 2,
    headWidth / 2,
  ]) as [string, string];
  const [cosine, sine] = [cosines, sines].map((table) => {
    const rows = writer.emit('Gather', [table, positions], { axis: 0 });
    return writer.emit('Unsqueeze', [rows, writer.constant('int64', [rank - 1], [1])]);
  }) as [string, string];
  const multiply = (left: string, right: string): string => writer.emit('Mul', [left, right]);
  const turned = [
    writer.emit('Sub', [multiply(a, cosine), multiply(b, sine)]),
    writer.emit('Add', [multiply(b, cosine), multiply(a, sine)]),
  ];
  return reshaped(writer.concat(turned, rank), [...kept, shape.at(-1)!]);
}
