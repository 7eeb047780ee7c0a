import { TitlesmithError } from '../../../common/errors.js';
import type { TensorSpecification } from '../../graph/shape.js';
import { checkedShape, type NumericArray, type Value } from '../engine.js';
import type { Constant } from '../onnx/host-program.js';
import { onnxTypes } from '../onnx/schema.js';
import { encodeWithExternalWeights, type OnnxModel } from '../onnx/writer.js';
import { type Enqueue, enqueueOnDevice, OrtDeviceTensor } from './device-tensor.js';
import { type Handle, newHandle, type Out, ortApi } from './ort-api.js';
import type { AppendProvider } from './providers.js';

/** A runtime value over the caller's array: nothing is copied, so the array must outlive the handle. */
export function wrap(
  name: string,
  array: NumericArray | undefined,
  specification: TensorSpecification,
  dynamicRows = false,
): Handle {
  const shape = checkedShape(name, array, specification, dynamicRows);
  return wrapArray(array!, shape, onnxTypes[specification.dtype]);
}

/** As {@link wrap}, of an array that is known to fit. @param type one of ONNX's. */
export function wrapArray(
  array: NumericArray | BigInt64Array,
  shape: readonly number[],
  type: number,
): Handle {
  const dimensions = BigInt64Array.from(shape, BigInt);
  return newHandle((out) =>
    ortApi().functions.createTensorWithDataAsOrtValue(
      cpuMemory(),
      array,
      array.byteLength,
      dimensions,
      shape.length,
      type,
      out,
    ),
  );
}

/** Values by name. */
interface NamedValues {
  readonly names: readonly string[];
  readonly values: Handle[];
}

/** Runs a session off the calling thread. @throws Error of the runtime's. */
export async function runSession(session: Handle, inputs: NamedValues, outputs: NamedValues): Promise<void> {
  const { functions, check } = ortApi();
  const status = await new Promise<Handle | null>((resolve, reject) => {
    functions.run.async(
      session,
      null,
      [...inputs.names],
      inputs.values,
      inputs.values.length,
      [...outputs.names],
      outputs.values.length,
      outputs.values,
      (error, result) => (error ? reject(error) : resolve(result)),
    );
  });
  check(status);
}

let memoryInfo: Handle | undefined;

function cpuMemory(): Handle {
  memoryInfo ??= newHandle((out) => ortApi().functions.createCpuMemoryInfo(0, 0, out));
  return memoryInfo;
}

/**
 * Lowest severity that the runtime logs to standard error, 0 (everything) to 4, from TITLESMITH_ENGINE_LOG. By
 * default only fatal errors, as functions return the others.
 */
const logLevel = (): number => Number(process.env['TITLESMITH_ENGINE_LOG'] ?? 4);

let environment: Handle | undefined;

/**
 * The process's only environment, with one thread pool for all sessions, so that one session's idle threads never
 * compete with another's busy ones. The first caller in the process sets the number of threads.
 * @param threads 0: one for each physical core.
 */
export function sharedEnvironment(threads: number): Handle {
  if (environment !== undefined) return environment;
  const { functions, check } = ortApi();
  const threading = newHandle((out) => functions.createThreadingOptions(out));
  check(functions.setGlobalIntraOpNumThreads(threading, threads));
  check(functions.setGlobalInterOpNumThreads(threading, 1));
  environment = newHandle((out) =>
    functions.createEnvWithGlobalThreadPools(logLevel(), 'titlesmith', threading, out),
  );
  functions.releaseThreadingOptions(threading);
  // On Windows the environment variable may not reach the runtime (`configureRuntime` in ort-api.ts).
  check(functions.disableTelemetryEvents(environment));
  return environment;
}

interface SessionOptions {
  /** Size of the process's thread pool, if this session creates it; 0: one thread per physical core. */
  readonly threads: number;
  /** Values of the model's weights. */
  readonly constants?: ReadonlyMap<string, Constant>;
  /** Names of inputs and outputs that may have fewer rows than specified. */
  readonly dynamicRows?: ReadonlySet<string>;
  /** Names of constants that the runtime copies when it loads the model; their arrays may then be collected. */
  readonly packed?: ReadonlySet<string>;
  /** Whether to convert 8-bit weights to unsigned: slower, but exact where products of signed ones saturate. */
  readonly unsignedWeights?: boolean;
  /** Path prefix of the file to write every operator's times to; undefined: none. */
  readonly profile?: string | undefined;
  /** Execution provider. Default: the processor. */
  readonly appendProvider?: AppendProvider | undefined;
  /** Schedules runs. Default: immediately on the processor, one after the other on a device. */
  readonly enqueue?: Enqueue;
}

type Specifications = ReadonlyMap<string, TensorSpecification>;

/** An ONNX model loaded by ONNX Runtime, which reads and writes the caller's arrays in place. */
export class OrtSession {
  /** Arrays of running calls: the runtime knows only their addresses, so they must not be garbage-collected. */
  private readonly inFlight = new Set<object>();
  private disposal: Promise<void> | undefined;
  /** Called when the last running call of a disposed session has ended. */
  private onIdle: () => void = () => {};

  private constructor(
    private readonly session: Handle,
    private readonly inputs: Specifications,
    private readonly outputs: Specifications,
    private readonly dynamicRows: ReadonlySet<string>,
    private readonly constantValues: readonly Handle[],
    /** Arrays that the session reads as long as it exists. */
    private readonly constantArrays: readonly NumericArray[],
    private readonly enqueue: Enqueue,
  ) {}

  /** Loads a model off the calling thread: packing a hundred million weights takes most of a second. */
  static async open(
    model: OnnxModel,
    inputs: Specifications,
    outputs: Specifications,
    {
      threads,
      constants = new Map(),
      dynamicRows = new Set(),
      packed = new Set(),
      unsignedWeights = false,
      profile,
      appendProvider,
      enqueue = appendProvider ? enqueueOnDevice : (work) => work(),
    }: SessionOptions,
  ): Promise<OrtSession> {
    const { functions, check } = ortApi();
    const options = newHandle((out) => functions.createSessionOptions(out));
    const allOptimizations = 99;
    check(functions.setSessionLogSeverityLevel(options, logLevel()));
    check(functions.setSessionGraphOptimizationLevel(options, allOptimizations));
    check(functions.disablePerSessionThreads(options));
    // A memory pattern allocates all activations as one block; without it, a training step of 124M takes 1.2 GB less.
    check(functions.disableMemPattern(options));
    if (profile !== undefined) check(functions.enableProfiling(options, profile));
    if (unsignedWeights) check(functions.addSessionConfigEntry(options, 'session.x64quantprecision', '1'));
    const environment = sharedEnvironment(threads);
    appendProvider?.(options);
    const constantValues = [...constants].map(([name, { array, specification }]) =>
      wrap(name, array, specification),
    );
    const { length } = constantValues;
    if (length > 0)
      check(functions.addExternalInitializers(options, [...constants.keys()], constantValues, length));
    const out: Out = [null];
    const bytes = encodeWithExternalWeights(model);
    const status = await enqueue(
      () =>
        new Promise<Handle | null>((resolve, reject) => {
          functions.createSessionFromArray.async(
            environment,
            bytes,
            bytes.length,
            options,
            out,
            (error, result) => (error ? reject(error) : resolve(result)),
          );
        }),
    );
    functions.releaseSessionOptions(options);
    check(status);
    const readArrays = [...constants].filter(([name]) => !packed.has(name)).map(([, { array }]) => array);
    return new OrtSession(out[0]!, inputs, outputs, dynamicRows, constantValues, readArrays, enqueue);
  }

  /**
   * Runs the model off the calling thread.
   * @throws RangeError on a missing or misshapen array; TitlesmithError `session-disposed`: the runtime would read freed
   *   memory, and its thread might never end.
   */
  async run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void> {
    if (this.disposal) {
      throw new TitlesmithError('The program was disposed of, and runs no more.', {
        code: 'session-disposed',
        hint: 'Compile it again, or dispose of it later.',
      });
    }
    const { functions } = ortApi();
    const values: Handle[] = [];
    const arrays = { feeds, results };
    const wrapAll = (specifications: Specifications, tensors: Readonly<Record<string, Value>>): Handle[] =>
      Array.from(specifications, ([name, specification]) => {
        const [value, hasDynamicRows] = [tensors[name], this.dynamicRows.has(name)];
        if (value instanceof OrtDeviceTensor) return value.handleFor(name, specification, hasDynamicRows);
        const wrapped = wrap(name, value as NumericArray | undefined, specification, hasDynamicRows);
        values.push(wrapped);
        return wrapped;
      });
    this.inFlight.add(arrays);
    try {
      const [inputNames, outputNames] = [[...this.inputs.keys()], [...this.outputs.keys()]];
      await this.enqueue(() =>
        runSession(
          this.session,
          { names: inputNames, values: wrapAll(this.inputs, feeds) },
          { names: outputNames, values: wrapAll(this.outputs, results) },
        ),
      );
    } finally {
      this.inFlight.delete(arrays);
      for (const value of values) functions.releaseValue(value);
      if (this.inFlight.size === 0) this.onIdle();
    }
  }

  /** Frees the model's memory after running calls have ended. May be called twice. */
  dispose(): Promise<void> {
    this.disposal ??= this.free();
    return this.disposal;
  }

  private async free(): Promise<void> {
    const { functions } = ortApi();
    if (this.inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    await this.enqueue(async () => functions.releaseSession(this.session));
    for (const value of this.constantValues) functions.releaseValue(value);
  }

  /** An allocator for the memory that the session's provider computes in; valid as long as the session. */
  allocator(memory: Handle): Handle {
    return newHandle((out) => ortApi().functions.createAllocator(this.session, memory, out));
  }

  /** Size of the constants in bytes. Reading them here keeps their arrays reachable. */
  get constantBytes(): number {
    return this.constantArrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}
