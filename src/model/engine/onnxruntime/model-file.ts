import { onnxTypes } from '../onnx/schema.js';
import { type ModelSignature, readSignature } from '../onnx/signature.js';
import { provideRuntime } from './fetch-runtime.js';
import { type Handle, newHandle, type Out, ortApi } from './ort-api.js';
import { runSession, sharedEnvironment, wrapArray } from './session.js';

/** An array and the shape that it has in one run. */
interface ShapedArray {
  readonly array: BigInt64Array | Float32Array;
  readonly shape: readonly number[];
}

type Arrays = Readonly<Record<string, ShapedArray>>;

/** Only fatal errors are logged: functions return the others. */
const fatal = 4;
const allOptimizations = 99;

/**
 * A model that another program exported, run on the processor by ONNX Runtime off the calling thread. Sizes that the
 * model leaves open are those of the arrays of a run.
 */
export class ModelFile {
  /** Arrays of running calls: the runtime knows only their addresses, so they must not be garbage-collected. */
  private readonly inFlight = new Set<object>();

  private constructor(
    private readonly session: Handle,
    readonly signature: ModelSignature,
  ) {}

  /**
   * @param bytes of the .onnx file, weights included.
   * @param threads size of the process's thread pool, if nothing has made it yet; 0: one thread a physical core.
   * @throws Error when the bytes are no model that this runtime can run.
   */
  static async open(bytes: Uint8Array, threads: number): Promise<ModelFile> {
    const signature = readSignature(bytes);
    await provideRuntime();
    const { functions, check } = ortApi();
    const environment = sharedEnvironment(threads);
    const options = newHandle((out) => functions.createSessionOptions(out));
    const out: Out = [null];
    try {
      check(functions.setSessionLogSeverityLevel(options, fatal));
      check(functions.setSessionGraphOptimizationLevel(options, allOptimizations));
      check(functions.disablePerSessionThreads(options));
      // Products of signed 8-bit weights saturate on processors without VNNI: the same numbers on all.
      check(functions.addSessionConfigEntry(options, 'session.x64quantprecision', '1'));
      const status = await new Promise<Handle | null>((resolve, reject) => {
        functions.createSessionFromArray.async(
          environment,
          bytes,
          bytes.length,
          options,
          out,
          (error, result) => (error ? reject(error) : resolve(result)),
        );
      });
      check(status);
    } finally {
      functions.releaseSessionOptions(options);
    }
    return new ModelFile(out[0]!, signature);
  }

  /**
   * Reads the arrays of `feeds` and writes those of `results`, by the names of the model's inputs and outputs.
   * @throws Error of the runtime's for a missing input, or a shape that does not fit.
   */
  async run(feeds: Arrays, results: Arrays): Promise<void> {
    const { functions } = ortApi();
    const values: Handle[] = [];
    const arrays = { feeds, results };
    this.inFlight.add(arrays);
    const wrap = (arrays: Arrays): Handle[] =>
      Object.values(arrays).map((shaped) => {
        const value = wrapShaped(shaped);
        values.push(value);
        return value;
      });
    try {
      const [inputs, outputs] = [wrap(feeds), wrap(results)];
      const [inputNames, outputNames] = [Object.keys(feeds), Object.keys(results)];
      await runSession(
        this.session,
        { names: inputNames, values: inputs },
        { names: outputNames, values: outputs },
      );
    } finally {
      this.inFlight.delete(arrays);
      for (const value of values) functions.releaseValue(value);
    }
  }

  /** Frees the model's memory. No run may be under way. */
  dispose(): void {
    ortApi().functions.releaseSession(this.session);
  }
}

function wrapShaped({ array, shape }: ShapedArray): Handle {
  return wrapArray(array, shape, array instanceof Float32Array ? onnxTypes.float32 : onnxTypes.int64);
}
