import { elementCount } from '../../graph/shape.js';
import { weightedColumnSum } from './device-sums.js';
import type { Exporter } from './op-exporters.js';

/**
 * With c = x − mean, r = 1/√(variance + epsilon), h = g·scale:  dx = r·(h − mean(h) − c·r²·mean(h·c)), dscale = Σ r·(g·c),
 * dbias = Σ g. Each node on [N,C] is a pass over the activations; here g·c serves two sums, and r is put into sums of
 * columns as the weights of their terms.
 * @param meansAsProducts whether means of rows are products with scale/C, in which g and g·c are read as they are.
 */
export const layerNormalizationGradient =
  (meansAsProducts: boolean): Exporter<'layerNormalizationGradient'> =>
  ({ writer, nameOf, isUsed }, { inputs, outputs }) => {
    const [x, scale, mean, rstd, g] = inputs.map(nameOf) as [string, string, string, string, string];
    const [{ shape }, , { shape: rowShape }] = inputs as unknown as { shape: readonly number[] }[] as [
      { shape: readonly number[] },
      unknown,
      { shape: readonly number[] },
    ];
    const width = shape.at(-1)!;
    const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
    const subtract = (a: string, b: string): string => writer.emit('Sub', [a, b]);
    const reshaped = (value: string, to: readonly number[]): string =>
      writer.emit('Reshape', [value, writer.constant('int64', to, [to.length])]);
    const centered = subtract(x, mean);
    const product = multiply(g, centered);
    const h = multiply(g, scale);
    let means: [ofH: string, ofHCentered: string];
    if (meansAsProducts) {
      const column = reshaped(multiply(scale, writer.constant('float32', [1 / width], [])), [width, 1]);
      means = [g, product].map((value) =>
        reshaped(writer.emit('MatMul', [reshaped(value, [-1, width]), column]), rowShape),
      ) as typeof means;
    } else {
      const lastAxis = writer.constant('int64', [-1], [1]);
      means = [h, multiply(product, scale)].map((value) =>
        writer.emit('ReduceMean', [value, lastAxis]),
      ) as typeof means;
    }
    const slope = multiply(multiply(rstd, rstd), means[1]);
    const byX = multiply(subtract(subtract(h, means[0]), multiply(centered, slope)), rstd);
    const rows = elementCount(rowShape);
    const sum = (value: string, weights?: string): string =>
      reshaped(weightedColumnSum(writer, value, { rows, columns: width }, 'float32', weights), [width]);
    return [byX, isUsed(outputs[1]!) ? sum(product, rstd) : '', isUsed(outputs[2]!) ? sum(g) : ''];
  };
