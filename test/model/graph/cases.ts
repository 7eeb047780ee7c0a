import * as graph from '../../../src/model/graph/builder.js';
import { maskedScore, type OpName } from '../../../src/model/graph/op-table.js';
import type { Shape } from '../../../src/model/graph/shape.js';
import type { Tensor } from '../../../src/model/graph/tensor.js';

/** One op applied to inputs of given shapes; integer inputs name the limit of their values. */
export interface OpCase {
  readonly name: string;
  readonly inputs: readonly (
    | Shape
    | {
        readonly shape: Shape;
        /** The least value; 0 where it is left out. */
        readonly integersFrom?: number;
        readonly integersBelow: number;
        /** int32 where it is left out. */
        readonly dtype?: 'int8';
      }
  )[];
  /** Keeps values away from zero and positive: for division and square roots. */
  readonly positive?: boolean;
  readonly build: (...inputs: Tensor[]) => Tensor;
}

const broadcastPairs: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[1], [2, 2]],
  [[], [2, 3]],
  [[2, 3], []],
];

const binary = (name: string, build: OpCase['build'], positive = false): OpCase[] =>
  broadcastPairs.map(([a, b]) => ({ name: `${name} [${a}] [${b}]`, inputs: [a, b], build, positive }));

const unary = (name: string, build: OpCase['build'], positive = false): OpCase[] =>
  [[5], [2, 3], [2, 2, 3]].map((shape) => ({ name: `${name} [${shape}]`, inputs: [shape], build, positive }));

/** Every op over several shapes, keyed by op: a new op without a case does not compile. */
export const opCases: { readonly [Op in Exclude<OpName, 'input' | 'constant'>]: readonly OpCase[] } = {
  // Rounding has no finite differences: float16.test.ts.
  cast: [],
  add: binary('add', graph.add),
  subtract: binary('subtract', graph.subtract),
  multiply: binary('multiply', graph.multiply),
  divide: binary('divide', graph.divide, true),
  squareRoot: unary('squareRoot', graph.squareRoot, true),
  sigmoid: unary('sigmoid', graph.sigmoid),
  gelu: unary('gelu', graph.gelu),
  geluGradient: [[5], [2, 3]].map((shape) => ({
    name: `geluGradient [${shape}]`,
    inputs: [shape, shape],
    build: (x, g) => graph.geluGradient(graph.multiply(x!, 3), graph.gelu(graph.multiply(x!, 3)), g!),
  })),
  gatedSilu: [[5], [2, 3], [2, 2, 3]].map((shape) => ({
    name: `gatedSilu [${shape}]`,
    inputs: [shape, shape],
    build: (gate, value) => graph.gatedSilu(graph.multiply(gate!, 3), value!),
  })),
  softmax: unary('softmax', graph.softmax),
  matmul: [
    ...[false, true].flatMap((transposeA) =>
      [false, true].flatMap((transposeB) =>
        [[], [2], [2, 2]].map((leading): OpCase => {
          const a = transposeA ? [3, 2] : [2, 3];
          const b = transposeB ? [4, 3] : [3, 4];
          return {
            name: `matmul [${leading}] transposeA ${transposeA} transposeB ${transposeB}`,
            inputs: [
              [...leading, ...a],
              [...leading, ...b],
            ],
            build: (x, y) => graph.matmul(x!, y!, { transposeA, transposeB, alpha: 0.7 }),
          };
        }),
      ),
    ),
    {
      name: 'matmul shared b',
      inputs: [
        [2, 3, 4],
        [4, 5],
      ],
      build: (x, y) => graph.matmul(x!, y!),
    },
    {
      name: 'matmul shared transposed b',
      inputs: [
        [2, 3, 4],
        [5, 4],
      ],
      build: (x, y) => graph.matmul(x!, y!, { transposeB: true }),
    },
    {
      name: 'matmul with bias (fused)',
      inputs: [[2, 3], [3, 4], [4]],
      build: (x, y, z) => graph.add(graph.matmul(x!, y!), z!),
    },
    {
      name: 'matmul accumulated (fused)',
      inputs: [
        [2, 3],
        [3, 4],
        [2, 4],
      ],
      build: (x, y, z) => graph.add(z!, graph.matmul(x!, y!)),
    },
  ],
  layerNormalization: [
    [3, 4],
    [2, 2, 5],
  ].map((shape) => ({
    name: `layerNormalization [${shape}]`,
    inputs: [shape, [shape.at(-1)!], [shape.at(-1)!]],
    build: (x, scale, bias) => graph.layerNormalization(x!, scale!, bias!, 1e-5).y,
  })),
  layerNormalizationGradient: [0, 1, 2].flatMap((output) =>
    [
      [3, 4],
      [2, 2, 5],
    ].map((shape) => ({
      name: `layerNormalizationGradient [${shape}], output ${output}`,
      inputs: [shape, [shape.at(-1)!], shape],
      build: (x?: Tensor, scale?: Tensor, g?: Tensor): Tensor => {
        const { mean, rstd } = graph.layerNormalization(x!, scale!, scale!, 1e-5);
        return graph.layerNormalizationGradient({ x: x!, scale: scale!, mean, rstd }, g!)[output]!;
      },
    })),
  ),
  rmsNormalization: [
    [3, 4],
    [2, 2, 5],
  ].map((shape) => ({
    name: `rmsNormalization [${shape}]`,
    inputs: [shape, [shape.at(-1)!]],
    build: (x, scale) => graph.rmsNormalization(x!, scale!, 1e-5).y,
  })),
  rmsNormalizationGradient: [0, 1].flatMap((output) =>
    [
      [3, 4],
      [2, 2, 5],
    ].map((shape) => ({
      name: `rmsNormalizationGradient [${shape}], output ${output}`,
      inputs: [shape, [shape.at(-1)!], shape],
      build: (x?: Tensor, scale?: Tensor, g?: Tensor): Tensor => {
        const { rrms } = graph.rmsNormalization(x!, scale!, 1e-5);
        return graph.rmsNormalizationGradient({ x: x!, scale: scale!, rrms }, g!)[output]!;
      },
    })),
  ),
  rotate: [
    { name: 'one head', tokens: [5], heads: 1 },
    { name: 'three heads, more tokens than positions', tokens: [9], heads: 3 },
    { name: 'rows of tokens', tokens: [2, 3], heads: 2 },
  ].map(({ name, tokens, heads }) => ({
    name: `rotate, ${name}`,
    inputs: [[...tokens, heads * 4], { shape: tokens, integersBelow: 6 }],
    build: (x, positions) => {
      const angles = Array.from({ length: 12 }, (_, index) => Math.floor(index / 2) * (index % 2 ? 0.1 : 1));
      const cosines = graph.constant(angles.map(Math.cos), [6, 2]);
      const sines = graph.constant(angles.map(Math.sin), [6, 2]);
      return graph.rotate(x!, positions!, { cosines, sines });
    },
  })),
  linearCrossEntropy: [[5], [2, 2, 1]].map((chunks) => ({
    name: `linearCrossEntropy, chunks [${chunks}]`,
    inputs: [[4, 3], [5, 3], { shape: [4], integersBelow: 5 }],
    build: (hidden, weight, targets) => graph.linearCrossEntropy(hidden!, weight!, targets!, chunks),
  })),
  paddedCrossEntropy: [8, 5].map((rows) => ({
    name: `paddedCrossEntropy, ${rows} rows`,
    inputs: [[4, 3], [rows, 3], { shape: [4], integersBelow: 5 }],
    build: (hidden, weight, targets) =>
      graph.paddedCrossEntropy(hidden!, weight!, targets!, { vocabulary: 5 }),
  })),
  reduceSum: [
    { name: 'reduceSum all', inputs: [[2, 3]], build: (x) => graph.reduceSum(x!) },
    { name: 'reduceSum axis 0', inputs: [[2, 3, 2]], build: (x) => graph.reduceSum(x!, [0]) },
    {
      name: 'reduceSum axes 0 2, kept',
      inputs: [[2, 3, 2]],
      build: (x) => graph.reduceSum(x!, [0, 2], true),
    },
  ],
  sumOfSquares: unary('sumOfSquares', graph.sumOfSquares),
  reshape: [{ name: 'reshape', inputs: [[2, 6]], build: (x) => graph.reshape(x!, [3, -1]) }],
  broadcastTo: [
    { name: 'broadcastTo [3] to [2,3]', inputs: [[3]], build: (x) => graph.broadcastTo(x!, [2, 3]) },
    { name: 'broadcastTo [] to [2,3]', inputs: [[]], build: (x) => graph.broadcastTo(x!, [2, 3]) },
    { name: 'broadcastTo [2,1] to [2,3]', inputs: [[2, 1]], build: (x) => graph.broadcastTo(x!, [2, 3]) },
  ],
  transpose: [
    { name: 'transpose 2d', inputs: [[2, 3]], build: (x) => graph.transpose(x!, [1, 0]) },
    { name: 'transpose 4d', inputs: [[2, 3, 2, 2]], build: (x) => graph.transpose(x!, [0, 2, 1, 3]) },
    { name: 'transpose cycle', inputs: [[2, 3, 4]], build: (x) => graph.transpose(x!, [2, 0, 1]) },
  ],
  split: [
    {
      name: 'split, chunks used apart',
      inputs: [[2, 6]],
      build: (x) => {
        const [a, b, c] = graph.split(x!, 1, [2, 2, 2]);
        return graph.add(graph.multiply(a!, b!), c!);
      },
    },
    {
      name: 'split and put together again, many chunks',
      inputs: [[2, 70]],
      build: (x) =>
        graph.concat(graph.split(graph.multiply(x!, 2), 1, new Array(70).fill(1)).toReversed(), 1),
    },
    { name: 'split, one piece unused', inputs: [[5, 2]], build: (x) => graph.split(x!, 0, [2, 3])[1]! },
  ],
  concat: [
    {
      name: 'concat axis 0',
      inputs: [
        [2, 3],
        [1, 3],
      ],
      build: (a, b) => graph.concat([a!, b!], 0),
    },
    {
      name: 'concat axis 0 of chunks of an input, added to rows and to an input',
      inputs: [[5, 2], [5, 2], [2, 2], { shape: [2], integersBelow: 5 }],
      build: (x, y, updates, indices) => {
        const doubled = graph.split(x!, 0, [2, 3]).map((piece) => graph.multiply(piece, 2));
        const rows = graph.scatterAddRows(updates!, indices!, 5);
        return graph.add(y!, graph.add(graph.concat(doubled, 0), rows));
      },
    },
    {
      name: 'concat axis 1',
      inputs: [
        [2, 3],
        [2, 2],
        [2, 1],
      ],
      build: (...parts) => graph.concat(parts, 1),
    },
  ],
  gatherRows: [
    {
      name: 'gatherRows with repeats',
      inputs: [[3, 2], { shape: [5], integersBelow: 3 }],
      build: (table, indices) => graph.gatherRows(table!, indices!),
    },
    {
      name: 'gatherRows by rows of indices',
      inputs: [[3, 2], { shape: [2, 4], integersBelow: 3 }],
      build: (table, indices) => graph.gatherRows(table!, indices!),
    },
  ],
  scatterAddRows: [
    {
      name: 'scatterAddRows with repeats',
      inputs: [[5, 2], { shape: [5], integersBelow: 3 }],
      build: (updates, indices) => graph.scatterAddRows(updates!, indices!, 4),
    },
    {
      name: 'scatterAddRows, worked on',
      inputs: [[5, 2], { shape: [5], integersBelow: 3 }],
      build: (updates, indices) => graph.multiply(graph.scatterAddRows(updates!, indices!, 4), 2),
    },
    {
      name: 'scatterAddRows accumulated',
      inputs: [[5, 2], { shape: [5], integersBelow: 3 }, [4, 2]],
      build: (updates, indices, other) => graph.add(other!, graph.scatterAddRows(updates!, indices!, 4)),
    },
  ],
  // Products beyond 2³¹, of which TensorFlow.js has none: device-dropout.test.ts.
  dropoutFactors: [],
  rowsWithin: [
    {
      name: 'rowsWithin, rows of a part of a table',
      inputs: [[2, 2], { shape: [6], integersBelow: 5 }],
      build: (table, indices) => {
        const { local, inside } = graph.rowsWithin(indices!, 2, 2);
        return graph.multiply(graph.gatherRows(table!, local), inside);
      },
    },
  ],
  quantizedMatmul: [
    {
      name: 'quantizedMatmul',
      inputs: [[3, 8], { shape: [8, 5], integersFrom: -127, integersBelow: 128, dtype: 'int8' }, [5]],
      build: (x, w, scales) => graph.quantizedMatmul(x!, w!, scales!),
    },
    {
      name: 'quantizedMatmul of zeros',
      inputs: [[2, 4], { shape: [4, 3], integersFrom: -127, integersBelow: 128, dtype: 'int8' }, [3]],
      build: (x, w, scales) => graph.quantizedMatmul(graph.multiply(x!, 0), w!, scales!),
    },
    {
      name: 'linearCrossEntropy of logits in 8 bits',
      inputs: [
        [3, 8],
        [5, 8],
        { shape: [3], integersBelow: 5 },
        ...[3, 2].map((size) => {
          return { shape: [8, size], integersFrom: -127, integersBelow: 128, dtype: 'int8' } as const;
        }),
        [3],
        [2],
      ],
      build: (hidden, weight, targets, first, second, ...scales) =>
        graph.linearCrossEntropy(hidden!, weight!, targets!, [3, 2], 'float32', [
          { w: first!, scales: graph.multiply(scales[0]!, 1 / 127) },
          { w: second!, scales: graph.multiply(scales[1]!, 1 / 127) },
        ]),
    },
  ],
  groupedMatmul: [
    { groups: 3, rows: 1 },
    { groups: 1, rows: 4 },
    { groups: 2, rows: 3 },
  ].map(({ groups, rows }) => ({
    name: `groupedMatmul, ${groups} groups of ${rows}`,
    inputs: [
      [groups * rows, 4],
      [groups, 4, 5],
    ],
    build: (x, w) => graph.groupedMatmul(x!, w!),
  })),
  cachedAttention: [
    { name: 'one token a row', rows: 3, tokens: 1, from: 1 },
    { name: 'several tokens of one row', rows: 1, tokens: 4, from: 5 },
    { name: 'a first token', rows: 2, tokens: 1, from: 1, below: 2 },
    { name: 'several first tokens', rows: 2, tokens: 3, from: 3, below: 4 },
    { name: 'groups of two heads, one token a row', rows: 3, tokens: 1, from: 1, heads: 4 },
    { name: 'groups of three heads, several tokens', rows: 1, tokens: 4, from: 5, heads: 6 },
  ].flatMap(({ name, rows, tokens, from, below = 7, heads = 2 }) => {
    const cache = [rows, 2, 6, 8];
    const inputs = [
      [rows * tokens, (heads + 4) * 8],
      cache,
      cache,
      { shape: [rows], integersFrom: from, integersBelow: below },
    ];
    const attributes = { heads, keyValueHeads: 2, scale: 0.4 };
    return [
      {
        name: `cachedAttention, ${name}`,
        inputs,
        build: (x?: Tensor, keys?: Tensor, values?: Tensor, lengths?: Tensor): Tensor =>
          graph.cachedAttention(x!, { keys: keys!, values: values! }, lengths!, attributes).output,
      },
      {
        name: `cachedAttention, ${name}, to the caches it wrote`,
        inputs,
        build: (x?: Tensor, keys?: Tensor, values?: Tensor, lengths?: Tensor): Tensor => {
          const written = graph.cachedAttention(x!, { keys: keys!, values: values! }, lengths!, attributes);
          return graph.cachedAttention(graph.multiply(x!, -1), written, lengths!, attributes).output;
        },
      },
    ];
  }),
  argMax: [1, 2, 7, 30].map((length) => ({
    name: `argMax [3,${length}]`,
    inputs: [[3, length]],
    build: (x) => graph.argMax(x!),
  })),
  keepTopK: [
    { length: 1, count: 1, maximum: 1 },
    { length: 7, count: 4, maximum: 4 },
    { length: 7, count: 7, maximum: 4 },
    { length: 40, count: 39, maximum: 40 },
  ].map(({ length, count, maximum }) => ({
    name: `keepTopK ${count} of [3,${length}]`,
    inputs: [[3, length]],
    build: (x) => graph.keepTopK(graph.softmax(x!), graph.broadcastTo(graph.scalar(count), [3, 1]), maximum),
  })),
  keepTopP: [1, 7, 40].map((length) => ({
    name: `keepTopP [3,${length}]`,
    inputs: [
      [3, length],
      [3, 1],
    ],
    build: (x, shares) => graph.keepTopP(graph.softmax(x!), graph.sigmoid(shares!)),
  })),
  drawByWeight: [1, 2, 7, 40].map((length) => ({
    name: `drawByWeight [5,${length}]`,
    inputs: [
      [5, length],
      [5, 1],
    ],
    build: (x, points) => graph.drawByWeight(graph.softmax(x!), graph.sigmoid(points!)),
  })),
  causalMask: [
    { name: 'the first tokens', tokens: 3, keys: 3 },
    { name: 'tokens after others', tokens: 2, keys: 5 },
  ].map(({ name, tokens, keys }) => ({
    name: `causalMask, ${name}`,
    inputs: [
      [2, 1, tokens, keys],
      { shape: [2, keys], integersBelow: 2 },
      { shape: [2, tokens], integersBelow: 9 },
    ],
    build: (x, visible, ids) =>
      graph.multiply(x!, graph.divide(graph.causalMask(visible!, ids!), maskedScore)),
  })),
};
