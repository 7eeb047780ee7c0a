import { type ArgumentRules, checkArguments } from '../../../options/call-arguments.js';
import { deviceOptions } from '../../../options/table/model.js';
import { input, quantizedMatmul } from '../../graph/builder.js';
import type { Tensor } from '../../graph/tensor.js';
import type { CompileOptions, Engine, NumericArray, Program } from '../engine.js';
import { compileHostProgram, hasQuantizedProducts } from '../onnx/host-program.js';
import { provideRuntime } from './fetch-runtime.js';
import { OrtSession } from './session.js';

type Outputs = Readonly<Record<string, Tensor>>;

export interface OnnxRuntimeOptions {
  /**
   * Threads of one run; undefined: one per physical core. All sessions of the process share one pool, whose size the
   * first engine of the process sets.
   */
  readonly threads?: number | undefined;
  /**
   * Path prefix of a file for each program, written when it is disposed of: every operator's times in Chrome's trace
   * format.
   */
  readonly profile?: string | undefined;
}

/** What each of {@link OnnxRuntimeOptions} may be. */
const engineArguments: ArgumentRules = { threads: deviceOptions.threads, profile: { type: 'path' } };

/**
 * ONNX Runtime on the CPU through its C API: the Node binding copies every output into new memory after each run,
 * which for the gradients of a 124M-parameter model is half a gigabyte a step. `run` works off the calling thread.
 * @throws TitlesmithError `usage` when an option is unknown or wrong.
 */
export function createOnnxRuntimeEngine(options: OnnxRuntimeOptions = {}): Engine {
  const { threads, profile } = checkArguments('createOnnxRuntimeEngine', options, engineArguments);
  const compile = (outputs: Outputs, options: CompileOptions, unsignedWeights: boolean): Promise<Program> =>
    compileHostProgram(outputs, options, ({ model, inputs, outputs, ...rest }) =>
      OrtSession.open(model, inputs, outputs, { threads: threads ?? 0, unsignedWeights, profile, ...rest }),
    );
  let saturates: Promise<boolean> | undefined;
  return {
    name: 'onnxruntime cpu',
    compile: async (outputs, options = {}) => {
      await provideRuntime();
      const quantized = hasQuantizedProducts(outputs);
      if (quantized) saturates ??= int8Saturates((probe, constants) => compile(probe, { constants }, false));
      return compile(outputs, options, quantized && (await saturates) === true);
    },
  };
}

/**
 * Whether the runtime's 8-bit products are wrong on this processor for the largest values: its AVX2 code without VNNI
 * adds two products in 16 bits, where they saturate.
 * @param compile compiles a graph with its constants.
 */
export async function int8Saturates(
  compile: (
    outputs: Record<string, Tensor>,
    constants: ReadonlyMap<string, NumericArray>,
  ) => Promise<Program>,
): Promise<boolean> {
  const [inner, columns] = [64, 16];
  const product = quantizedMatmul(
    input('x', [1, inner]),
    input('w', [inner, columns], 'int8'),
    input('scales', [columns]),
  );
  const constants = new Map<string, NumericArray>([
    ['w', new Int8Array(inner * columns).fill(127)],
    ['scales', new Float32Array(columns).fill(1)],
  ]);
  const program = await compile({ product }, constants);
  const result = new Float32Array(columns);
  try {
    await program.run({ x: new Float32Array(inner).fill(1) }, { product: result });
  } finally {
    await program.dispose();
  }
  const expected = inner * 127;
  return result.some((value) => Math.abs(value / expected - 1) > 1e-3);
}
