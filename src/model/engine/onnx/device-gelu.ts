import { geluCubic, geluScale } from '../../graph/op-table.js';
import type { Exporter } from './op-exporters.js';

/** GELU is x or 0 beyond this; in float16 the polynomials overflow at 255. */
const halfLimit = 64;

/**
 * g·(s + s·(x − y)·u′), s = σ(u), with y in place of x·s: each node is a pass over the activations, and this has fewer.
 * @param hasSum whether the device adds three tensors in one pass.
 */
export const geluGradient =
  (hasSum: boolean): Exporter<'geluGradient'> =>
  ({ writer, nameOf }, { inputs }) => {
    const { dtype } = inputs[0]!;
    const [whole, y, g] = inputs.map(nameOf) as [string, string, string];
    const number = (value: number): string => writer.constant(dtype, [value], []);
    const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
    const add = (a: string, b: string): string => writer.emit('Add', [a, b]);
    const x =
      dtype === 'float16' ? writer.emit('Clip', [whole, number(-halfLimit), number(halfLimit)]) : whole;
    const square = multiply(x, x);
    const term = multiply(square, number(geluScale * geluCubic));
    const quotient = add(term, number(geluScale));
    const s = writer.emit('Sigmoid', [multiply(x, quotient)]);
    const slope = hasSum
      ? writer.emit('Sum', [term, term, quotient])
      : add(multiply(square, number(3 * geluScale * geluCubic)), number(geluScale));
    const rest = multiply(multiply(s, writer.emit('Sub', [whole, y])), slope);
    return [multiply(g, add(s, rest))];
  };
