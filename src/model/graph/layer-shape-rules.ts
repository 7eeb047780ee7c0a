import { crossEntropyInputs, type OpAttributes } from './op-table.js';
import { elementCount, formatShape, isFloat, type Shape, type TensorSpecification } from './shape.js';
import { are, fail, type ShapeRule, two } from './shape-checks.js';
import type { Tensor } from './tensor.js';

/** The ops that a model's layers and its loss are made of, besides products and sums. */
type LayerOp =
  | 'layerNormalization'
  | 'layerNormalizationGradient'
  | 'rmsNormalization'
  | 'rmsNormalizationGradient'
  | 'rotate'
  | 'linearCrossEntropy'
  | 'paddedCrossEntropy'
  | 'cachedAttention'
  | 'causalMask'
  | 'dropoutFactors';

/** The output shapes and types of these ops; see `shapeRules`. */
export const layerShapeRules: { readonly [Op in LayerOp]: ShapeRule<OpAttributes[Op]> } = {
  layerNormalization: (inputs) => {
    const [x, scale, bias] = inputs;
    const channels = x?.shape.at(-1);
    const vector = formatShape([channels ?? 0]);
    const fits = formatShape(scale?.shape ?? []) === vector && formatShape(bias?.shape ?? []) === vector;
    if (!x || !fits || !are('float32', x, scale, bias)) {
      return fail('layerNormalization', 'takes float32 x [..,C], scale [C], bias [C]', x, scale, bias);
    }
    const statistics: TensorSpecification = { shape: [...x.shape.slice(0, -1), 1], dtype: 'float32' };
    return [{ shape: x.shape, dtype: 'float32' }, statistics, statistics];
  },
  layerNormalizationGradient: (inputs) => {
    const [x, scale, mean, rstd, g] = inputs;
    const isLike = (tensor: Tensor | undefined, shape: Shape): boolean =>
      formatShape(tensor?.shape ?? []) === formatShape(shape);
    const rows = [...(x?.shape.slice(0, -1) ?? []), 1];
    const fits =
      x !== undefined &&
      isLike(g, x.shape) &&
      isLike(scale, [x.shape.at(-1)!]) &&
      [mean, rstd].every((tensor) => isLike(tensor, rows)) &&
      are('float32', ...inputs);
    if (!fits) {
      const rule = 'takes float32 x [..,C], scale [C], mean and rstd [..,1], a gradient [..,C]';
      return fail('layerNormalizationGradient', rule, ...inputs);
    }
    const vector: TensorSpecification = { shape: scale!.shape, dtype: 'float32' };
    return [{ shape: x.shape, dtype: 'float32' }, vector, vector];
  },
  rmsNormalization: (inputs) => {
    const [x, scale] = inputs;
    const vector = formatShape([x?.shape.at(-1) ?? 0]);
    if (!x || formatShape(scale?.shape ?? []) !== vector || !are('float32', x, scale))
      return fail('rmsNormalization', 'takes float32 x [..,C], scale [C]', x, scale);
    return [
      { shape: x.shape, dtype: 'float32' },
      { shape: [...x.shape.slice(0, -1), 1], dtype: 'float32' },
    ];
  },
  rmsNormalizationGradient: (inputs) => {
    const [x, scale, rrms, g] = inputs;
    const isLike = (tensor: Tensor | undefined, shape: Shape): boolean =>
      formatShape(tensor?.shape ?? []) === formatShape(shape);
    const fits =
      x !== undefined &&
      isLike(g, x.shape) &&
      isLike(scale, [x.shape.at(-1)!]) &&
      isLike(rrms, [...x.shape.slice(0, -1), 1]) &&
      are('float32', ...inputs);
    if (!fits) {
      const rule = 'takes float32 x [..,C], scale [C], rrms [..,1], a gradient [..,C]';
      return fail('rmsNormalizationGradient', rule, ...inputs);
    }
    return [
      { shape: x.shape, dtype: 'float32' },
      { shape: scale!.shape, dtype: 'float32' },
    ];
  },
  rotate: (inputs) => {
    const [x, positions, cosines, sines] = inputs;
    const headWidth = 2 * (cosines?.shape[1] ?? 0);
    const fits =
      x !== undefined &&
      isFloat(x.dtype) &&
      are(x.dtype, cosines, sines) &&
      are('int32', positions) &&
      cosines?.shape.length === 2 &&
      formatShape(sines?.shape ?? []) === formatShape(cosines.shape) &&
      formatShape(positions!.shape) === formatShape(x.shape.slice(0, -1)) &&
      x.shape.at(-1)! % headWidth === 0;
    if (!fits) {
      const rule =
        'takes x [..,M], int32 positions [..], cosines and sines [K,D/2] of its type, D dividing M';
      return fail('rotate', rule, ...inputs);
    }
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  linearCrossEntropy: (inputs, attributes) => {
    const { hidden, targetRows, chunks: weights, rounded } = crossEntropyInputs(inputs, attributes);
    const [rows, width] = hidden?.shape ?? [];
    const isRounded = ({ w, scales }: { w: Tensor; scales: Tensor }, index: number): boolean =>
      w?.dtype === 'int8' &&
      formatShape(w.shape) === formatShape(weights[index]!.shape.toReversed()) &&
      formatShape(scales?.shape ?? []) === `[${w.shape[1]}]`;
    if (rounded && !rounded.every(isRounded)) {
      const rule = 'takes chunks in 8 bits, int8 [C,V] with scales [V], for chunks [V,C]';
      return fail('linearCrossEntropy', rule, ...inputs);
    }
    const fits =
      hidden?.shape.length === 2 &&
      formatShape(targetRows?.shape ?? []) === formatShape(hidden.shape) &&
      are('float32', hidden, targetRows, ...weights) &&
      weights.length > 0 &&
      weights.every(({ shape }) => shape.length === 2 && shape[1] === width);
    if (!fits) {
      const rule = 'takes float32 hidden states and target rows [N,C], chunks of the output layer [V,C]';
      return fail('linearCrossEntropy', rule, ...inputs);
    }
    const float = (...shape: number[]): TensorSpecification => ({ shape, dtype: 'float32' });
    return [
      float(rows!),
      ...weights.map(({ shape }) => float(rows!, shape[0]!)),
      ...weights.map(() => float(rows!, 1)),
    ];
  },
  paddedCrossEntropy: (inputs, { vocabulary }) => {
    const [hidden, weight, targets] = inputs;
    const [tokens, width] = hidden?.shape ?? [];
    const fits =
      hidden?.shape.length === 2 &&
      weight?.shape.length === 2 &&
      weight.shape[1] === width &&
      vocabulary <= weight.shape[0]! &&
      formatShape(targets?.shape ?? []) === `[${tokens}]` &&
      are('float32', hidden) &&
      isFloat(weight.dtype) &&
      are('int32', targets);
    if (!fits) {
      const rule = `takes float32 hidden states [N,C], an output layer [at least ${vocabulary},C], int32 targets [N]`;
      return fail('paddedCrossEntropy', rule, ...inputs);
    }
    return [
      { shape: [tokens!], dtype: 'float32' },
      { shape: [tokens!, weight.shape[0]!], dtype: 'float32' },
    ];
  },
  cachedAttention: (inputs, { heads, keyValueHeads }) => {
    const [projections, keys, values, lengths] = inputs;
    const [rows, , , headWidth] = keys?.shape ?? [];
    const fits =
      keys?.shape.length === 4 &&
      keys.shape[1] === keyValueHeads &&
      heads % keyValueHeads === 0 &&
      formatShape(values?.shape ?? []) === formatShape(keys.shape) &&
      lengths?.dtype === 'int32' &&
      formatShape(lengths.shape) === `[${rows}]` &&
      projections?.shape.length === 2 &&
      isFloat(projections.dtype) &&
      are(projections.dtype, keys, values) &&
      projections.shape[0]! % rows! === 0 &&
      projections.shape[1] === (heads + 2 * keyValueHeads) * headWidth!;
    if (!fits) {
      const rule = `takes projections [N,(${heads}+2·${keyValueHeads})·D], keys and values [B,${keyValueHeads},K,D], int32 lengths [B]`;
      return fail('cachedAttention', rule, ...inputs);
    }
    const { dtype } = keys;
    const cache: TensorSpecification = { shape: keys.shape, dtype };
    return [{ shape: [projections.shape[0]!, heads * headWidth!], dtype }, cache, cache];
  },
  causalMask: (inputs) => {
    const [visible, tokens] = two('causalMask', inputs);
    const [rows, keys] = visible.shape;
    const [, queries] = tokens.shape;
    const fits =
      are('int32', visible, tokens) &&
      formatShape(visible.shape) === `[${rows},${keys}]` &&
      formatShape(tokens.shape) === `[${rows},${queries}]` &&
      queries! <= keys!;
    if (!fits) return fail('causalMask', 'takes int32 [B,K] and [B,T], T at most K', visible, tokens);
    return [{ shape: [rows!, 1, queries!, keys!], dtype: 'float32' }];
  },
  dropoutFactors: (inputs, { shape }) => {
    const [rows, columns] = [inputs[0]?.shape[0] ?? 0, inputs[2]?.shape[1] ?? 0];
    const sides = [`[${rows},1]`, `[${rows},1]`, `[1,${columns}]`, `[1,${columns}]`];
    const fits =
      are('int32', ...inputs) &&
      sides.every((side, index) => formatShape(inputs[index]?.shape ?? []) === side) &&
      rows * columns === elementCount(shape);
    if (!fits) {
      const rule = `takes int32 [R,1] twice and [1,M] twice for R·M elements of ${formatShape(shape)}`;
      return fail('dropoutFactors', rule, ...inputs);
    }
    return [{ shape, dtype: 'float32' }];
  },
};
