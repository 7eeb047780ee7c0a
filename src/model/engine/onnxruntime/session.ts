import type { TensorSpecification } from '../../graph/shape.js';
import { checkedShape, type NumericArray, type Value } from '../engine.js';
import { onnxTypes } from '../onnx/schema.js';
import { encodeWithExternalWeights, type OnnxModel } from '../onnx/writer.js';
import { type InTurn, OrtDeviceTensor, onDevice } from './device-tensor.js';
import { type Handle, newHandle, type Out, ortApi } from './ort-api.js';
import type { AppendProvider } from './providers.js';

/** A runtime value over the caller's memory: nothing is copied, so the array must outlive the handle. */
export function wrap(
  name: string,
  array: NumericArray | undefined,
  specification: TensorSpecification,
  dynamicRows = false,
): Handle {
  const shape = checkedShape(name, array, specification, dynamicRows);
  const { functions } = ortApi();
  const dimensions = BigInt64Array.from(shape, BigInt);
  const { byteLength } = array!;
  return newHandle((out) =>
    functions.createTensorWithDataAsOrtValue(
      cpuMemory(),
      array!,
      byteLength,
      dimensions,
      shape.length,
      onnxTypes[specification.dtype],
      out,
    ),
  );
}

let memoryInfo: Handle | undefined;

function cpuMemory(): Handle {
  memoryInfo ??= newHandle((out) => ortApi().functions.createCpuMemoryInfo(0, 0, out));
  return memoryInfo;
}

/**
 * Least severe lines that the runtime writes to standard error, 0 (everything) to 4: TITLESMITH_ENGINE_LOG. By default
 * only fatal ones, as functions return errors anyway.
 */
const logLevel = (): number => Number(process.env['TITLESMITH_ENGINE_LOG'] ?? 4);

let environment: Handle | undefined;

/**
 * The process's one environment with one pool of threads for all sessions, so that a session's idle threads never
 * compete with another's busy ones. The first caller in the process decides how many threads there are.
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
  // Where a variable could not say so (`configureRuntime` of ort-api.ts): on Windows.
  check(functions.disableTelemetryEvents(environment));
  return environment;
}

/** Values of a weight. */
export interface Constant {
  readonly array: NumericArray;
  readonly specification: TensorSpecification;
}

interface SessionOptions {
  /** Threads of the process's pool, where this session makes it; 0: one for each physical core. */
  readonly threads: number;
  /** Values of the model's weights. */
  readonly constants?: ReadonlyMap<string, Constant>;
  /** Names of inputs and outputs with any number of rows up to the specified. */
  readonly dynamicRows?: ReadonlySet<string>;
  /** Names of constants that the runtime copies when it loads the model; their arrays are not held. */
  readonly packed?: ReadonlySet<string>;
  /** Whether 8-bit weights are made unsigned: slower, but exact where products of signed ones saturate. */
  readonly unsignedWeights?: boolean;
  /** Where the times of every operator are written, as a path's beginning; undefined: nowhere. */
  readonly profile?: string | undefined;
  /** Chooses what computes; the processor where it is left out. */
  readonly appendProvider?: AppendProvider | undefined;
  /** When runs may go; where it is left out, at once on the processor and in turn on a device. */
  readonly inTurn?: InTurn;
}

type Specifications = ReadonlyMap<string, TensorSpecification>;

/** An ONNX model loaded by ONNX Runtime, reading and writing arrays of the caller in place. */
export class OrtSession {
  /** Arrays of runs under way: the runtime knows only their addresses, so they must not be collected. */
  private readonly inFlight = new Set<object>();

  private constructor(
    private readonly session: Handle,
    private readonly inputs: Specifications,
    private readonly outputs: Specifications,
    private readonly dynamicRows: ReadonlySet<string>,
    private readonly constantValues: readonly Handle[],
    /** Arrays the session reads for as long as it lives. */
    private readonly constantArrays: readonly NumericArray[],
    private readonly inTurn: InTurn,
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
      inTurn,
    }: SessionOptions,
  ): Promise<OrtSession> {
    const { functions, check } = ortApi();
    const options = newHandle((out) => functions.createSessionOptions(out));
    const allOptimizations = 99;
    check(functions.setSessionLogSeverityLevel(options, logLevel()));
    check(functions.setSessionGraphOptimizationLevel(options, allOptimizations));
    check(functions.disablePerSessionThreads(options));
    // A pattern plans one block for all activations; without it, a training step of 124M takes 1.2 GB less.
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
    const turns = inTurn ?? (appendProvider ? onDevice : (work) => work());
    const status = await turns(
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
    const read = [...constants].filter(([name]) => !packed.has(name)).map(([, { array }]) => array);
    return new OrtSession(out[0]!, inputs, outputs, dynamicRows, constantValues, read, turns);
  }

  /** Runs the model off the calling thread. @throws RangeError on a missing or misshapen array. */
  async run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void> {
    const { functions, check } = ortApi();
    const values: Handle[] = [];
    const held = { feeds, results };
    const wrapAll = (specifications: Specifications, given: Readonly<Record<string, Value>>): Handle[] =>
      Array.from(specifications, ([name, specification]) => {
        const [value, hasDynamicRows] = [given[name], this.dynamicRows.has(name)];
        if (value instanceof OrtDeviceTensor) return value.handleFor(name, specification, hasDynamicRows);
        const wrapped = wrap(name, value as NumericArray | undefined, specification, hasDynamicRows);
        values.push(wrapped);
        return wrapped;
      });
    this.inFlight.add(held);
    try {
      const [inputNames, outputNames] = [[...this.inputs.keys()], [...this.outputs.keys()]];
      const status = await this.inTurn(() => {
        const inputs = wrapAll(this.inputs, feeds);
        const outputs = wrapAll(this.outputs, results);
        return new Promise<Handle | null>((resolve, reject) => {
          functions.run.async(
            this.session,
            null,
            inputNames,
            inputs,
            inputs.length,
            outputNames,
            outputs.length,
            outputs,
            (error, result) => (error ? reject(error) : resolve(result)),
          );
        });
      });
      check(status);
    } finally {
      this.inFlight.delete(held);
      for (const value of values) functions.releaseValue(value);
    }
  }

  async dispose(): Promise<void> {
    const { functions } = ortApi();
    await this.inTurn(async () => functions.releaseSession(this.session));
    for (const value of this.constantValues) functions.releaseValue(value);
  }

  /** An allocator of the memory that the session's provider computes in; valid while the session lives. */
  allocator(memory: Handle): Handle {
    return newHandle((out) => ortApi().functions.createAllocator(this.session, memory, out));
  }

  /** Keeps the constants' memory reachable. */
  get constantBytes(): number {
    return this.constantArrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}
