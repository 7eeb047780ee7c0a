import { createRandom } from '../../../src/common/random.js';
import { input } from '../../../src/model/graph/builder.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import type { Tensor } from '../../../src/model/graph/tensor.js';
import type { OpCase } from './cases.js';

/** Graph inputs and seeded values for a case; `floats` names the differentiable ones in order. */
export function caseInputs(
  opCase: OpCase,
  seed: number,
): { tensors: Tensor[]; feeds: Map<string, ArrayLike<number>>; floats: string[] } {
  const feeds = new Map<string, ArrayLike<number>>();
  const floats: string[] = [];
  const tensors = opCase.inputs.map((specification, position) => {
    const name = `x${position}`;
    const random = createRandom(seed, opCase.name, name);
    if ('integersBelow' in specification) {
      const { shape, integersFrom = 0, integersBelow, dtype = 'int32' } = specification;
      const draws = Array.from(
        { length: elementCount(shape) },
        () => integersFrom + random.integer(integersBelow - integersFrom),
      );
      feeds.set(name, dtype === 'int8' ? Int8Array.from(draws) : Int32Array.from(draws));
      return input(name, shape, dtype);
    }
    const draw = (): number => (opCase.positive ? 0.5 + random.uniform() : random.normal());
    feeds.set(name, Float32Array.from({ length: elementCount(specification) }, draw));
    floats.push(name);
    return input(name, specification);
  });
  return { tensors, feeds, floats };
}
