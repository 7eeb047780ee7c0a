import {
  crossEntropyInputs,
  maskedScore,
  type OpAttributes,
  type OpName,
} from '../../../src/model/graph/op-table.js';
import { elementCount, type Shape } from '../../../src/model/graph/shape.js';
import { type OpNode, type Tensor, topologicalOrder } from '../../../src/model/graph/tensor.js';

/** Values in double precision, so that finite differences and engines can be judged against it. */
type Values = Float64Array;

const stridesOf = (shape: Shape): number[] => shape.map((_, axis) => elementCount(shape.slice(axis + 1)));

/** Visits every index of `shape`: the flat position and the coordinates. */
function forEachIndex(shape: Shape, visit: (flat: number, index: readonly number[]) => void): void {
  const strides = stridesOf(shape);
  for (let flat = 0; flat < elementCount(shape); flat++) {
    visit(
      flat,
      strides.map((stride, axis) => Math.floor(flat / stride) % shape[axis]!),
    );
  }
}

/** Flat position in a tensor of `shape` of an index of a shape it broadcasts to. */
function broadcastPosition(index: readonly number[], shape: Shape): number {
  const offset = index.length - shape.length;
  const strides = stridesOf(shape);
  return shape.reduce(
    (sum, size, axis) => sum + (size === 1 ? 0 : index[axis + offset]! * strides[axis]!),
    0,
  );
}

const fill = (shape: Shape, value: (flat: number, index: readonly number[]) => number): Values => {
  const result = new Float64Array(elementCount(shape));
  forEachIndex(shape, (flat, index) => {
    result[flat] = value(flat, index);
  });
  return result;
};

const binary =
  (operation: (a: number, b: number) => number): Evaluator<OpName> =>
  (node, [a, b]) => [
    fill(node.outputs[0]!.shape, (_, index) =>
      operation(
        a![broadcastPosition(index, node.inputs[0]!.shape)]!,
        b![broadcastPosition(index, node.inputs[1]!.shape)]!,
      ),
    ),
  ];

const unary =
  (operation: (x: number) => number): Evaluator<OpName> =>
  (_, [x]) => [x!.map(operation)];

/** Rows of the last axis. */
function rows(x: Values, shape: Shape): Values[] {
  const size = shape.at(-1) ?? 1;
  return Array.from({ length: x.length / size }, (_, row) => x.slice(row * size, (row + 1) * size));
}

const flatten = (parts: readonly Values[]): Values => Float64Array.from(parts.flatMap((part) => [...part]));

function logSoftmax(row: Values): Values {
  const maximum = Math.max(...row);
  const logSum = maximum + Math.log(row.reduce((sum, value) => sum + Math.exp(value - maximum), 0));
  return row.map((value) => value - logSum);
}

/** The nearest multiple of a float16's step at this magnitude, ties to even; infinite from 65,520 on. */
export function toFloat16(value: number): number {
  if (Math.abs(value) >= 65_520) return Math.sign(value) * Number.POSITIVE_INFINITY;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1)));
  const steps = value / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const isUp = steps - below === 0.5 ? below % 2 !== 0 : steps - below > 0.5;
  return (isUp ? below + 1 : below) * 2 ** (exponent - 10);
}

type Evaluator<Op extends OpName> = (node: OpNode<Op>, inputs: readonly Values[]) => Values[];

const evaluators: { readonly [Op in OpName]: Evaluator<Op> } = {
  input: () => {
    throw new Error('an input needs a value');
  },
  cast: (node, [x]) => [node.attributes.dtype === 'float16' ? x!.map(toFloat16) : x!],
  constant: (node) => [Float64Array.from(node.attributes.values)],
  add: binary((a, b) => a + b),
  subtract: binary((a, b) => a - b),
  multiply: binary((a, b) => a * b),
  divide: binary((a, b) => a / b),
  squareRoot: unary(Math.sqrt),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  gelu: unary((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  geluGradient: (_, [x, __, g]) => [
    x!.map((value, index) => {
      const tanh = Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3));
      const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * value ** 2);
      return g![index]! * 0.5 * (1 + tanh + value * (1 - tanh ** 2) * inner);
    }),
  ],
  gatedSilu: binary((a, b) => (a / (1 + Math.exp(-a))) * b),
  softmax: (node, [x]) => [
    flatten(rows(x!, node.inputs[0]!.shape).map((row) => logSoftmax(row).map(Math.exp))),
  ],
  groupedMatmul: (node, [x, w]) => {
    const [groups, width, columns] = node.inputs[1]!.shape as [number, number, number];
    const rowsOfGroup = node.inputs[0]!.shape[0]! / groups;
    return [
      fill(node.outputs[0]!.shape, (_, [row, column]) => {
        const group = Math.floor(row! / rowsOfGroup);
        let sum = 0;
        for (let k = 0; k < width; k++)
          sum += x![row! * width + k]! * w![(group * width + k) * columns + column!]!;
        return sum;
      }),
    ];
  },
  matmul: (node, [a, b]) => {
    const { transposeA, transposeB, alpha } = node.attributes;
    const [aShape, bShape] = node.inputs.map((input) => input.shape) as [Shape, Shape];
    const inner = transposeA ? aShape.at(-2)! : aShape.at(-1)!;
    const at = (
      values: Values,
      shape: Shape,
      batch: readonly number[],
      row: number,
      column: number,
    ): number => {
      const leading = shape.length === 2 ? [] : batch;
      return values[broadcastPosition([...leading, row, column], shape)]!;
    };
    return [
      fill(node.outputs[0]!.shape, (_, index) => {
        const batch = index.slice(0, -2);
        const [row, column] = index.slice(-2) as [number, number];
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const left = transposeA ? at(a!, aShape, batch, k, row) : at(a!, aShape, batch, row, k);
          const right = transposeB ? at(b!, bShape, batch, column, k) : at(b!, bShape, batch, k, column);
          sum += left * right;
        }
        return alpha * sum;
      }),
    ];
  },
  layerNormalization: (node, [x, scale, bias]) => {
    const statistics = rows(x!, node.inputs[0]!.shape).map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      return { row, mean, inverse: 1 / Math.sqrt(variance + node.attributes.epsilon) };
    });
    const y = statistics.map(({ row, mean, inverse }) =>
      row.map((value, channel) => (value - mean) * inverse * scale![channel]! + bias![channel]!),
    );
    const column = (pick: 'mean' | 'inverse'): Values =>
      Float64Array.from(statistics.map((entry) => entry[pick]));
    return [flatten(y), column('mean'), column('inverse')];
  },
  dropoutFactors: (node, [rowFactors, rowOffsets, columnFactors, columnOffsets]) => {
    const { shape, probability } = node.attributes;
    const limit = Math.round(probability * 2 ** 32) - 2 ** 31;
    const columns = columnFactors!.length;
    return [
      Float64Array.from({ length: elementCount(shape) }, (_, element) => {
        const [row, column] = [Math.floor(element / columns), element % columns];
        const product = Math.imul(rowFactors![row]!, columnFactors![column]!);
        const number = (product + rowOffsets![row]! + columnOffsets![column]!) | 0;
        return number < limit ? 0 : 1 / (1 - probability);
      }),
    ];
  },
  layerNormalizationGradient: (node, [x, scale, mean, rstd, g]) => {
    const { shape } = node.inputs[0]!;
    const width = shape.at(-1)!;
    const byX = new Float64Array(x!.length);
    const [byScale, byBias] = [new Float64Array(width), new Float64Array(width)];
    for (const [row, values] of rows(x!, shape).entries()) {
      const normalized = values.map((value) => (value - mean![row]!) * rstd![row]!);
      const h = normalized.map((_, place) => g![row * width + place]! * scale![place]!);
      const average = (list: Values): number => list.reduce((sum, value) => sum + value, 0) / width;
      const [shift, slope] = [average(h), average(h.map((value, place) => value * normalized[place]!))];
      for (const [place, value] of normalized.entries()) {
        const upstream = g![row * width + place]!;
        byX[row * width + place] = rstd![row]! * (h[place]! - shift - value * slope);
        byScale[place]! += upstream * value;
        byBias[place]! += upstream;
      }
    }
    return [byX, byScale, byBias];
  },
  rmsNormalization: (node, [x, scale]) => {
    const all = rows(x!, node.inputs[0]!.shape);
    const inverses = all.map(
      (row) =>
        1 / Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0) / row.length + node.attributes.epsilon),
    );
    const y = all.map((row, index) =>
      row.map((value, channel) => value * inverses[index]! * scale![channel]!),
    );
    return [flatten(y), Float64Array.from(inverses)];
  },
  rmsNormalizationGradient: (node, [x, scale, rrms, g]) => {
    const { shape } = node.inputs[0]!;
    const width = shape.at(-1)!;
    const byX = new Float64Array(x!.length);
    const byScale = new Float64Array(width);
    for (const [row, values] of rows(x!, shape).entries()) {
      const at = (place: number): number => g![row * width + place]! * scale![place]!;
      const inverse = rrms![row]!;
      // y = x·r·scale with r = (Σx²/C + ε)^−½, so dr/dxⱼ = −r³·xⱼ/C.
      const total = values.reduce((sum, value, place) => sum + at(place) * value, 0);
      for (const [place, value] of values.entries()) {
        byX[row * width + place] = at(place) * inverse - (total * inverse ** 3 * value) / width;
        byScale[place]! += g![row * width + place]! * value * inverse;
      }
    }
    return [byX, byScale];
  },
  rotate: (node, [x, positions, cosines, sines]) => {
    const [width, half] = [node.inputs[0]!.shape.at(-1)!, node.inputs[2]!.shape[1]!];
    return [
      x!.map((value, place) => {
        const channel = place % (2 * half);
        const pair = channel % half;
        const angle = positions![Math.floor(place / width)]! * half + pair;
        const [cosine, sine] = [cosines![angle]!, sines![angle]!];
        return channel < half
          ? value * cosine - x![place + half]! * sine
          : value * cosine + x![place - half]! * sine;
      }),
    ];
  },
  linearCrossEntropy: (node, inputs) => {
    const { hidden, targetRows, chunks, rounded } = crossEntropyInputs(inputs, node.attributes);
    const width = node.inputs[0]!.shape[1]!;
    const dot = (a: Values, b: Values): number => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
    const hiddenRows = rows(hidden, node.inputs[0]!.shape);
    const logits =
      rounded?.map(({ w, scales }) => quantizedProduct(hiddenRows, w, scales)) ??
      chunks.map((chunk) =>
        hiddenRows.map((row) => Float64Array.from(rows(chunk, [0, width]), (output) => dot(row, output))),
      );
    const all = hiddenRows.map((_, row) => flatten(logits.map((chunk) => chunk[row]!)));
    const total = all.map((row) => row.reduce((sum, value) => sum + Math.exp(value), 0));
    const targets = rows(targetRows, node.inputs[0]!.shape);
    const losses = total.map((sum, row) => Math.log(sum) - dot(hiddenRows[row]!, targets[row]!));
    const shares = logits.map((chunk) =>
      Float64Array.from(chunk, (row, index) => row.reduce((sum, x) => sum + Math.exp(x), 0) / total[index]!),
    );
    const softmaxes = logits.map((chunk) => flatten(chunk.map((row) => logSoftmax(row).map(Math.exp))));
    return [Float64Array.from(losses), ...softmaxes, ...shares];
  },
  paddedCrossEntropy: (node, [hidden, weight, targets]) => {
    const [{ shape }, { shape: weightShape }] = node.inputs as [Tensor, Tensor];
    const inType = node.inputs[1]!.dtype === 'float16' ? toFloat16 : (value: number): number => value;
    const tokens = rows(weight!, weightShape).slice(0, node.attributes.vocabulary);
    const losses: number[] = [];
    const errors = rows(hidden!, shape).map((row, index) => {
      const target = targets![index]!;
      const states = row.map(inType);
      const logits = tokens.map((token) =>
        inType(token.reduce((sum, value, place) => sum + value * states[place]!, 0)),
      );
      const logProbabilities = logSoftmax(Float64Array.from(logits));
      losses.push(-logProbabilities[target]!);
      const padding = new Float64Array(weightShape[0]! - tokens.length);
      const byLogits = logProbabilities.map((value, place) => Math.exp(value) - Number(place === target));
      return flatten([byLogits, padding]);
    });
    return [Float64Array.from(losses), flatten(errors)];
  },
  reduceSum: (node, [x]) => {
    const { shape } = node.inputs[0]!;
    const kept = shape.map((size, axis) => (node.attributes.axes.includes(axis) ? 1 : size));
    const result = new Float64Array(elementCount(kept));
    forEachIndex(shape, (flat, index) => {
      result[broadcastPosition(index, kept)]! += x![flat]!;
    });
    return [result];
  },
  sumOfSquares: (_, [x]) => [Float64Array.of(x!.reduce((sum, value) => sum + value * value, 0))],
  reshape: (_, [x]) => [x!],
  broadcastTo: (node, [x]) => [
    fill(node.attributes.shape, (_, index) => x![broadcastPosition(index, node.inputs[0]!.shape)]!),
  ],
  transpose: (node, [x]) => {
    const strides = stridesOf(node.inputs[0]!.shape);
    const { permutation } = node.attributes;
    return [
      fill(node.outputs[0]!.shape, (_, index) => {
        const position = index.reduce(
          (sum, coordinate, axis) => sum + coordinate * strides[permutation[axis]!]!,
          0,
        );
        return x![position]!;
      }),
    ];
  },
  split: (node, [x]) => {
    const { axis, sizes } = node.attributes;
    const strides = stridesOf(node.inputs[0]!.shape);
    let start = 0;
    return sizes.map((size, piece) => {
      const from = start;
      start += size;
      return fill(node.outputs[piece]!.shape, (_, index) => {
        const moved = index.with(axis, index[axis]! + from);
        return x![moved.reduce((sum, coordinate, dimension) => sum + coordinate * strides[dimension]!, 0)]!;
      });
    });
  },
  concat: (node, inputs) => {
    const { axis } = node.attributes;
    return [
      fill(node.outputs[0]!.shape, (_, index) => {
        let coordinate = index[axis]!;
        for (const [position, { shape }] of node.inputs.entries()) {
          if (coordinate < shape[axis]!)
            return inputs[position]![broadcastPosition(index.with(axis, coordinate), shape)]!;
          coordinate -= shape[axis]!;
        }
        throw new RangeError('index beyond the concatenation');
      }),
    ];
  },
  gatherRows: (node, [table, indices]) => {
    const width = node.inputs[0]!.shape[1]!;
    return [
      fill(node.outputs[0]!.shape, (flat, index) => {
        const row = indices![Math.floor(flat / width)]!;
        return table![row * width + index.at(-1)!]!;
      }),
    ];
  },
  scatterAddRows: (node, [updates, indices]) => {
    const width = node.inputs[0]!.shape[1]!;
    const result = new Float64Array(elementCount(node.outputs[0]!.shape));
    forEachIndex(node.inputs[0]!.shape, (flat, [row, column]) => {
      result[indices![row!]! * width + column!]! += updates![flat]!;
    });
    return [result];
  },
  rowsWithin: ({ attributes: { first, count } }, [indices]) => {
    const inside = indices!.map((index) => (index >= first && index < first + count ? 1 : 0));
    return [indices!.map((index, position) => (inside[position] ? index - first : 0)), inside];
  },
  quantizedMatmul: (node, [x, w, scales]) => [
    flatten(quantizedProduct(rows(x!, node.inputs[0]!.shape), w!, scales!)),
  ],
  argMax: (node, [x]) => [
    Float64Array.from(rows(x!, node.inputs[0]!.shape), (row) => {
      const highest = Math.max(...row);
      return Number.isFinite(highest) ? row.indexOf(highest) : -1;
    }),
  ],
  keepTopK: (node, [weights, counts]) => [
    flatten(
      rows(weights!, node.inputs[0]!.shape).map((row, index) =>
        only(row, bySize(row).slice(0, counts![index]!)),
      ),
    ),
  ],
  keepTopP: (node, [weights, shares]) => [
    flatten(
      rows(weights!, node.inputs[0]!.shape).map((row, index) => {
        const target = shares![index]! * row.reduce((sum, weight) => sum + weight, 0);
        let reached = 0;
        return only(
          row,
          bySize(row).filter((id) => {
            const isKept = reached < target;
            if (isKept) reached += row[id]!;
            return isKept;
          }),
        );
      }),
    ),
  ],
  drawByWeight: (node, [weights, points]) => [
    Float64Array.from(rows(weights!, node.inputs[0]!.shape), (row, index) => {
      const total = row.reduce((sum, weight) => sum + weight, 0);
      let sum = 0;
      const drawn = row.findIndex((weight) => {
        sum += weight;
        return sum > points![index]! * total;
      });
      return total > 0 ? drawn : -1;
    }),
  ],
  cachedAttention: attendToCache,
  causalMask: (node, [visible]) => {
    const [, , tokens, keys] = node.outputs[0]!.shape as [number, number, number, number];
    return [
      fill(node.outputs[0]!.shape, (_, [row, __, token, key]) => {
        const isSeen = key! <= keys - tokens + token! && visible![row! * keys + key!] !== 0;
        return isSeen ? 0 : maskedScore;
      }),
    ];
  },
};

/** Weights by size, the first of equal ones first, as indices. */
const bySize = (row: Values): number[] => [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b);

/** The weights of these indices, and zeros. */
function only(row: Values, indices: readonly number[]): Values {
  const kept = new Float64Array(row.length);
  for (const index of indices) kept[index] = row[index]!;
  return kept;
}

/** Rows · (w · scales), each row rounded to multiples of its own step. */
function quantizedProduct(xRows: readonly Values[], w: Values, scales: Values): Float64Array[] {
  return xRows.map((row) => {
    const step = Math.max(...Array.from(row, Math.abs)) / 127;
    const rounded = Array.from(row, (value) => (step === 0 ? 0 : roundToEven(value / step)));
    return Float64Array.from(scales, (scale, column) => {
      const sum = rounded.reduce((total, value, k) => total + value * w[k * scales.length + column]!, 0);
      return sum * step * scale;
    });
  });
}

/** What each of a row's new tokens takes from those before it and itself, by the definition. */
function attendToCache(node: OpNode<'cachedAttention'>, inputs: readonly Values[]): Values[] {
  const [projections, pastKeys, pastValues, lengths] = inputs as [Values, Values, Values, Values];
  const [rows, groups, capacity, width] = node.inputs[1]!.shape as [number, number, number, number];
  const { heads, scale } = node.attributes;
  const tokens = node.inputs[0]!.shape[0]! / rows;
  const [keys, values] = [pastKeys.slice(), pastValues.slice()];
  const output = new Float64Array(rows * tokens * heads * width);
  for (let row = 0; row < rows; row++) {
    for (let token = 0; token < tokens; token++) {
      const position = lengths[row]! - tokens + token;
      const vector = (head: number): Values => {
        const start = ((row * tokens + token) * (heads + 2 * groups) + head) * width;
        return projections.slice(start, start + width);
      };
      const cacheAt = (group: number, place: number): number =>
        ((row * groups + group) * capacity + place) * width;
      for (let group = 0; group < groups; group++) {
        keys.set(vector(heads + group), cacheAt(group, position));
        values.set(vector(heads + groups + group), cacheAt(group, position));
      }
      for (let head = 0; head < heads; head++) {
        const group = Math.floor((head * groups) / heads);
        const query = vector(head);
        const scores = Float64Array.from({ length: position + 1 }, (_, past) =>
          query.reduce((sum, x, channel) => sum + x * keys[cacheAt(group, past) + channel]!, 0),
        );
        const weights = logSoftmax(scores.map((score) => score * scale)).map(Math.exp);
        for (let channel = 0; channel < width; channel++) {
          const taken = weights.reduce(
            (sum, x, past) => sum + x * values[cacheAt(group, past) + channel]!,
            0,
          );
          output[((row * tokens + token) * heads + head) * width + channel] = taken;
        }
      }
    }
  }
  return [output, keys, values];
}

/** Rounds half to even, as IEEE 754 does. */
function roundToEven(x: number): number {
  const nearest = Math.round(x);
  return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

function evaluateNode<Op extends OpName>(node: OpNode<Op>, inputs: readonly Values[]): Values[] {
  return evaluators[node.op](node, inputs);
}

/**
 * Evaluates graph tensors by the textbook, in double precision; inputs by name.
 * @param options `roundsResults`: whether every float16 result is rounded, as on a card; else casts alone round.
 */
export function evaluate(
  outputs: readonly Tensor[],
  feeds: ReadonlyMap<string, ArrayLike<number>>,
  { roundsResults = false } = {},
): Values[] {
  const values = new Map<Tensor, Values>();
  for (const node of topologicalOrder(outputs)) {
    if (node.op === 'input') {
      const { name } = node.attributes as OpAttributes['input'];
      values.set(node.outputs[0]!, Float64Array.from(feeds.get(name)!));
      continue;
    }
    const results = evaluateNode(
      node,
      node.inputs.map((input) => values.get(input)!),
    );
    for (const [index, result] of results.entries()) {
      const output = node.outputs[index]!;
      values.set(output, roundsResults && output.dtype === 'float16' ? result.map(toFloat16) : result);
    }
  }
  return outputs.map((output) => values.get(output)!);
}
