import type { TransformerConfiguration } from './configuration.js';
import { type ParameterSpecification, type ParameterStore, parameterSpecifications } from './parameters.js';

/** Names of the two factors whose product is added to the matrix `${linear}.weight`. */
export const loraNames = (linear: string): { readonly down: string; readonly up: string } => ({
  down: `${linear}.lora_A`,
  up: `${linear}.lora_B`,
});

/** The scale of the product of the factors: α / r with α = 2r. */
export const loraScale = 2;

/**
 * Low-rank adapters of every matrix in the blocks (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models",
 * 2021, section 4.1): x·W becomes x·W + scale·(x·A)·B, with A [in,r] random and B [r,out] zero at the start, so that
 * training begins at the pretrained model.
 */
export function loraSpecifications(
  configuration: TransformerConfiguration,
  rank: number,
): ParameterSpecification[] {
  return adaptedMatrices(configuration).flatMap(({ linear, shape: [rows, columns] }) => {
    const { down, up } = loraNames(linear);
    return [
      {
        name: down,
        shape: [rows!, rank],
        initial: { standardDeviation: 1 / Math.sqrt(rows!) },
        decays: true,
      },
      { name: up, shape: [rank, columns!], initial: { value: 0 }, decays: true },
    ];
  });
}

function adaptedMatrices(
  configuration: TransformerConfiguration,
): { linear: string; shape: readonly number[] }[] {
  return parameterSpecifications(configuration)
    .filter(({ name, decays }) => decays && name.endsWith('.weight'))
    .map(({ name, shape }) => ({ linear: name.slice(0, -'.weight'.length), shape }));
}

/**
 * One parameter with its adapter merged in: W + scale·A·B, or the parameter itself if it has none.
 * @param base the model's own parameters; not changed.
 * @param adapters the factors; not changed.
 */
export function mergedWithLora(base: ParameterStore, adapters: ParameterStore, name: string): Float32Array {
  const weights = base.views.get(name)!;
  const { down, up } = loraNames(name.slice(0, -'.weight'.length));
  const [a, b] = [adapters.views.get(down), adapters.views.get(up)];
  if (!a || !b) return weights;
  const merged = weights.slice();
  const [rows, rank] = adapters.specifications.find((specification) => specification.name === down)!
    .shape as [number, number];
  const columns = b.length / rank;
  for (let row = 0; row < rows; row++) {
    for (let inner = 0; inner < rank; inner++) {
      const factor = loraScale * a[row * rank + inner]!;
      for (let column = 0; column < columns; column++) {
        merged[row * columns + column]! += factor * b[inner * columns + column]!;
      }
    }
  }
  return merged;
}
