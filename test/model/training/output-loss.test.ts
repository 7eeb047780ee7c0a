import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { input } from '../../../src/model/graph/builder.js';
import type { FloatType } from '../../../src/model/graph/shape.js';
import { OutputLayer, processorLayout } from '../../../src/model/training/output-loss.js';
import { evaluate } from '../graph/reference.js';

const [tokens, vocabulary, width] = [24, 150, 32];

it('logits around −100 are as good in float16 as others, every result rounded as on a card', () => {
  const random = createRandom(5, 'output layer');
  const normal = (length: number, deviation: number): number[] =>
    Array.from({ length }, () => deviation * random.normal());
  // Hidden states and rows of the output layer have a direction in common.
  const shared = normal(width, 1);
  const length = shared.reduce((sum, value) => sum + value * value, 0);
  const hidden = normal(tokens * width, 1).map((value, index) => value + 4 * shared[index % width]!);
  const weight = normal(vocabulary * width, 0.5).map(
    (value, index) => value - (25 * shared[index % width]!) / length,
  );
  const dots = Array.from({ length: vocabulary }, (_, row) =>
    hidden.slice(0, width).reduce((sum, value, place) => sum + value * weight[row * width + place]!, 0),
  );
  expect(Math.max(...dots)).toBeLessThan(-70);
  const feeds = new Map<string, number[]>([
    ['hidden', hidden],
    ['wte.weight', weight],
    ['targetIds', Array.from({ length: tokens }, () => random.integer(vocabulary))],
    ['targetWeights', new Array<number>(tokens).fill(1 / tokens)],
  ]);
  const lossIn = (type: FloatType): number => {
    const layout = { ...processorLayout, piece: undefined };
    const layer = new OutputLayer(input('wte.weight', [vocabulary, width]), layout, type);
    const loss = layer.loss({
      hidden: input('hidden', [tokens, width]),
      targetIds: input('targetIds', [tokens], 'int32'),
      targetWeights: input('targetWeights', [tokens]),
    });
    return evaluate([loss], feeds, { roundsResults: true })[0]![0]!;
  };
  const exact = lossIn('float32');
  expect(exact).toBeGreaterThan(3);
  // Logits of −100 themselves have steps of 0.06 in float16.
  expect(Math.abs(lossIn('float16') - exact)).toBeLessThan(2e-3);
});
