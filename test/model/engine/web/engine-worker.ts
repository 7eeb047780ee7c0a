import { checkDevice } from '../../../../src/model/engine/device-check.js';
import type { Engine, NumericArray } from '../../../../src/model/engine/engine.js';
import {
  findWebDevice,
  openWebEngine,
  type WebEngineOptions,
} from '../../../../src/model/engine/onnxruntime-web/web-engine.js';
import { add, input } from '../../../../src/model/graph/builder.js';
import { elementCount } from '../../../../src/model/graph/shape.js';
import { answerTasks } from '../../../browser/worker-tasks.js';
import { caseInputs } from '../../graph/case-inputs.js';
import { type OpCase, opCases } from '../../graph/cases.js';
import { generateSmall, trainSmall } from './small-work.js';

/** What a case came to in the browser. */
export interface CaseOutcome {
  readonly name: string;
  readonly output: readonly number[];
  readonly error?: string;
}

let engine: Engine;

async function runCase(opCase: OpCase, seed: number): Promise<readonly number[]> {
  const { tensors, feeds } = caseInputs(opCase, seed);
  const output = opCase.build(...tensors);
  const program = await engine.compile({ output });
  const result = new Float32Array(elementCount(output.shape));
  await program.run(Object.fromEntries(feeds) as Record<string, NumericArray>, { output: result });
  await program.dispose();
  return [...result];
}

/** Adds numbers on the card, `times` often. @returns the code and the message of what is thrown; undefined: nothing is. */
async function addOften(
  times: number,
): Promise<readonly [code: string | undefined, message: string] | undefined> {
  try {
    const x = input('x', [4]);
    const program = await engine.compile({ sum: add(x, x) });
    const sum = new Float32Array(4);
    for (let run = 0; run < times; run++) await program.run({ x: Float32Array.of(1, 2, 3, 4) }, { sum });
    if (sum.join() !== '2,4,6,8') throw new Error(sum.join());
    await program.dispose();
    return undefined;
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return [code, message];
  }
}

answerTasks({
  addOften: ({ times }: { readonly times: number }) => addOften(times),
  find: () => findWebDevice({ assets: 'assets' }),
  open: async (given: Pick<WebEngineOptions, 'device' | 'threads'>) => {
    engine = await openWebEngine({ ...given, assets: 'assets' });
    return engine.name;
  },
  cases: async ({ seed }: { seed: number }) => {
    const outcomes: CaseOutcome[] = [];
    for (const opCase of Object.values(opCases).flat()) {
      const { name } = opCase;
      try {
        outcomes.push({ name, output: await runCase(opCase, seed) });
      } catch (error) {
        outcomes.push({ name, output: [], error: String(error) });
      }
    }
    return outcomes;
  },
  check: async () => checkDevice(engine, await openWebEngine({ device: 'wasm', assets: 'assets' })),
  train: () => trainSmall(engine),
  generate: () => generateSmall(engine),
});
