import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { gradients } from '../../../src/model/graph/autodiff.js';
import * as graph from '../../../src/model/graph/builder.js';
import { gradientRules } from '../../../src/model/graph/gradient-rules.js';
import type { OpName } from '../../../src/model/graph/op-table.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { type OpNode, type Tensor, topologicalOrder } from '../../../src/model/graph/tensor.js';
import { caseInputs } from './case-inputs.js';
import { opCases } from './cases.js';
import { evaluate } from './reference.js';

const seed = 20_260_711;
/** Central differences in double precision: error about step² ≈ 1e-10 plus rounding 1e-16 / step ≈ 1e-11. */
const step = 1e-5;
const tolerance = 1e-7;

describe('gradients against central finite differences, double precision', () => {
  for (const [op, cases] of Object.entries(opCases)) {
    // Rounding has no finite differences: transformer/frozen-matrices.test.ts.
    if ('forbidden' in gradientRules[op as OpName] || op === 'quantizedMatmul') continue;
    for (const opCase of cases) {
      it(opCase.name, () => {
        const { tensors, feeds, floats } = caseInputs(opCase, seed);
        const output = opCase.build(...tensors);
        const random = createRandom(seed, opCase.name, 'weights');
        const weights = Float64Array.from({ length: elementCount(output.shape) }, () => random.normal());
        feeds.set('weights', weights);
        const upstream = graph.input('weights', output.shape);
        const loss = graph.reduceSum(graph.multiply(output, upstream));
        const targets = tensors.filter((tensor) => tensor.dtype === 'float32');
        const symbolic = evaluate(gradients([output], [upstream], targets), feeds);
        for (const [position, name] of floats.entries()) {
          const values = Float64Array.from(feeds.get(name)!);
          const lossAt = (element: number, value: number): number =>
            evaluate([loss], new Map([...feeds, [name, values.with(element, value)]]))[0]![0]!;
          for (const [element, value] of values.entries()) {
            const numeric = (lossAt(element, value + step) - lossAt(element, value - step)) / (2 * step);
            const difference = Math.abs(symbolic[position]![element]! - numeric);
            expect(difference, `${name}[${element}], seed ${seed}`).toBeLessThan(
              tolerance * (1 + Math.abs(numeric)),
            );
          }
        }
      });
    }
  }
});

describe('what is computed anew for gradients instead of kept', () => {
  for (const [op, cases] of Object.entries(opCases)) {
    const decision = gradientRules[op as OpName];
    if (!('rule' in decision) || !decision.recompute) continue;
    const { recompute } = decision as { readonly recompute: (node: OpNode) => Tensor };
    for (const opCase of cases) {
      it(`has the values of ${opCase.name}`, () => {
        const { tensors, feeds } = caseInputs(opCase, seed);
        const output = opCase.build(...tensors);
        const [kept, anew] = evaluate([output, recompute(output.node)], feeds);
        for (const [element, value] of kept!.entries()) expect(anew![element]).toBeCloseTo(value, 12);
      });

      it(`leaves ${opCase.name} unread by gradients of what it is multiplied by`, () => {
        const { tensors } = caseInputs(opCase, seed);
        const output = opCase.build(...tensors);
        const factor = graph.input('factor', output.shape);
        const [byFactor] = gradients([graph.multiply(output, factor)], [factor], [factor]);
        const read = topologicalOrder([byFactor!]).flatMap(({ inputs }) => inputs);
        expect(read).not.toContain(output);
        const [asTarget] = gradients([graph.multiply(output, factor)], [factor], [output]);
        expect(topologicalOrder([asTarget!])).not.toContain(output.node);
      });
    }
  }
});

describe('gradients', () => {
  it('adds up what reaches a tensor by several ways', () => {
    const x = graph.input('x', [2]);
    const y = graph.add(graph.multiply(x, x), graph.multiply(x, 3));
    const [dx] = evaluate(
      gradients([y], [graph.broadcastTo(graph.scalar(1), [2])], [x]),
      new Map([['x', [2, -1]]]),
    );
    expect([...dx!]).toEqual([7, 1]);
  });

  it('treats targets as independent of each other', () => {
    const x = graph.input('x', []);
    const y = graph.multiply(x, x);
    const z = graph.add(graph.multiply(y, 5), x);
    const [byX, byY] = evaluate(gradients([z], [graph.scalar(1)], [x, y]), new Map([['x', [3]]]));
    expect([byX![0], byY![0]]).toEqual([1, 5]);
  });

  it('names a target the outputs do not depend on', () => {
    const [x, y] = [graph.input('x', [2]), graph.input('y', [2])];
    expect(() => gradients([x], [x], [y])).toThrow('no gradient reaches input [2]');
  });

  it('refuses to differentiate a product in 8 bits that does not know the transposed matrix', () => {
    const [x, w] = [graph.input('x', [2, 3]), graph.input('w', [3, 4], 'int8')];
    const y = graph.quantizedMatmul(x, w, graph.input('scales', [4]));
    expect(() => gradients([y], [y], [x])).toThrow(
      'quantizedMatmul has no gradient without the transposed matrix',
    );
  });
});

describe('shape rules', () => {
  const [a, b]: [Tensor, Tensor] = [graph.input('a', [2, 3]), graph.input('b', [4, 5])];
  it.each([
    [
      'add',
      () => graph.add(a, b),
      'add: shapes must broadcast, floats of one type; received float32[2,3], float32[4,5]',
    ],
    ['matmul', () => graph.matmul(a, b), 'matmul: inner sizes must agree'],
    ['reshape', () => graph.reshape(a, [5]), 'reshape: cannot become [5]; received float32[2,3]'],
    ['split', () => graph.split(a, 1, [1, 1]), 'split: sizes [1,1] must add up along axis 1'],
    ['concat', () => graph.concat([a, b], 0), 'concat: inputs must be equal but along axis 0'],
    ['transpose', () => graph.transpose(a, [0, 0]), 'transpose: [0,0] must name each axis once'],
  ])('%s names the op, the rule and what it received', (_, build, message) => {
    expect(build).toThrow(message);
  });
});
