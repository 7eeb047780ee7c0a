import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { type ParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';

/**
 * Weights by a formula: uniform, from a 32-bit mixture of the parameter's number and the element's index. Bit for bit
 * those of `weights_of` in test/oracles/gpt2/make_124m_fixture.py.
 */
export class FormulaWeights {
  private readonly seeds: ReadonlyMap<string, number>;

  constructor(private readonly configuration: TransformerConfiguration) {
    this.seeds = new Map(parameterSpecifications(configuration).map(({ name }, index) => [name, index]));
  }

  private deviationAndMean(name: string): [number, number] {
    if (name.includes('.ln_') || name.startsWith('ln_f')) return [0.1, name.endsWith('weight') ? 1 : 0];
    if (name.startsWith('wte')) return [0.05, 0];
    if (name.endsWith('c_proj.weight')) return [0.04 / Math.sqrt(2 * this.configuration.layers), 0];
    return [/(c_attn|c_fc)\.weight$/.test(name) ? 0.04 : 0.02, 0];
  }

  /** The function from an element's index to its value. */
  of(name: string): (index: number) => number {
    const offset = Math.imul(this.seeds.get(name)!, 0x85ebca77);
    const [deviation, mean] = this.deviationAndMean(name);
    const scale = Math.fround((deviation * Math.sqrt(3)) / 2 ** 23);
    return (index) => {
      let mixed = (Math.imul(index, 0x9e3779b1) + offset) | 0;
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
      mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
      mixed ^= mixed >>> 15;
      return Math.fround(mean + Math.fround(((mixed >>> 8) - 2 ** 23) * scale));
    };
  }

  /** Sets every parameter of a store. */
  fill(store: ParameterStore): void {
    for (const [name, view] of store.views) {
      const value = this.of(name);
      for (let index = 0; index < view.length; index++) view[index] = value(index);
    }
  }
}
