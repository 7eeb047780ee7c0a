import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { DropoutFactors } from '../../../src/model/training/dropout.js';
import { gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import { createParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { oracle, oracleFeeds, oracleParameters, relativeError } from '../transformer/oracle.js';

/** What test/oracles/gpt2/make_dropout_fixture.py wrote. */
interface DropoutOracle {
  readonly share: number;
  /** By input name, a character an element: 1 where the activation is kept. */
  readonly kept: Readonly<Record<string, string>>;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, { norm: number; first: number[] }>>;
}
const path = new URL('../../oracles/gpt2/gpt2-tiny-dropout.json', import.meta.url);
const expected = JSON.parse(readFileSync(path, 'utf8')) as DropoutOracle;

/** As in pytorch.test.ts: some tens of roundings. */
const tolerance = 1e-5;
const { rows, rowLength } = oracle.batch;
const shape = { rows, rowLength };

describe('dropout', () => {
  it.each([false, true])(
    'gives the loss and the gradients of PyTorch, recomputing: %s',
    async (recompute) => {
      const engine = createOnnxRuntimeEngine({ threads: 2 });
      const program = await engine.compile(
        trainingGraph(oracle.configuration, shape, { dropout: 'inputs', recompute }),
      );
      const gradients = createParameterStore(parameterSpecifications(oracle.configuration));
      const loss = new Float32Array(1);
      const results: Record<string, NumericArray> = { loss };
      for (const [name, view] of gradients.views) results[gradientName(name)] = view;
      const scale = 1 / (1 - expected.share);
      const factors = Object.fromEntries(
        Object.entries(expected.kept).map(([name, kept]) => [
          name,
          Float32Array.from(kept, (bit) => scale * Number(bit)),
        ]),
      );
      await program.run(
        { ...oracleFeeds(), ...Object.fromEntries(oracleParameters().views), ...factors },
        results,
      );
      await program.dispose();
      expect(Math.abs(loss[0]! - expected.loss)).toBeLessThan(tolerance);
      expect(Math.abs(loss[0]! - oracle.loss)).toBeGreaterThan(1e-2);
      for (const [name, view] of gradients.views) {
        const { norm, first } = expected.gradients[name]!;
        expect(relativeError([Math.hypot(...view)], [norm]), name).toBeLessThan(tolerance);
        for (const [index, value] of first.entries()) {
          expect(Math.abs(view[index]! - value), `${name}[${index}]`).toBeLessThan(tolerance * norm);
        }
      }
    },
  );

  it('leaves out its share, each batch others, and the same ones again for the same batch', () => {
    const factors = new DropoutFactors(oracle.configuration, shape, { probability: 0.25, seed: 3 });
    const drawn = (batch: number) =>
      Object.fromEntries(Object.entries(factors.draw(batch)).map(([name, array]) => [name, [...array]]));
    const [first, second, again] = [drawn(7), drawn(8), drawn(7)];
    expect(Object.keys(first).toSorted()).toEqual(Object.keys(expected.kept).toSorted());
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
    const values = Object.values(first).flat();
    expect([...new Set(values)].toSorted()).toEqual([0, Math.fround(4 / 3)]);
    const share = values.filter((value) => value === 0).length / values.length;
    // Of some 13,000 draws the share lies within three standard deviations, 0.011.
    expect(Math.abs(share - 0.25)).toBeLessThan(0.012);
  });
});
