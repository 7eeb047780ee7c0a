import type { TensorSpecification } from '../../graph/shape.js';
import { checkedShape } from '../arrays.js';
import type { NumericArray } from '../contract.js';
import { created, type Handle, type Out, ortLibrary } from './library.js';
import { onnxTypes } from './schema.js';

/** A runtime value over the caller's memory: nothing is copied, so the array must outlive the handle. */
function wrap(
  name: string,
  array: NumericArray | undefined,
  specification: TensorSpecification,
  freeRows = false,
): Handle {
  const shape = checkedShape(name, array, specification, freeRows);
  const { functions } = ortLibrary();
  const dimensions = BigInt64Array.from(shape, BigInt);
  const { byteLength } = array!;
  return created((out) =>
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
  memoryInfo ??= created((out) => ortLibrary().functions.createCpuMemoryInfo(0, 0, out));
  return memoryInfo;
}

let environment: Handle | undefined;

/**
 * The process's one environment with one pool of threads for all sessions, so that a session's idle threads never
 * compete with another's busy ones. The first caller in the process decides how many threads there are.
 * @param threads 0: one for each physical core.
 */
function sharedEnvironment(threads: number): Handle {
  if (environment !== undefined) return environment;
  const { functions, check } = ortLibrary();
  const threading = created((out) => functions.createThreadingOptions(out));
  check(functions.setGlobalIntraOpNumThreads(threading, threads));
  check(functions.setGlobalInterOpNumThreads(threading, 1));
  const errorsOnly = 3;
  environment = created((out) =>
    functions.createEnvWithGlobalThreadPools(errorsOnly, 'titlesmith', threading, out),
  );
  functions.releaseThreadingOptions(threading);
  return environment;
}

export interface SessionOptions {
  readonly threads: number;
  readonly constants: ReadonlyMap<
    string,
    { readonly array: NumericArray; readonly specification: TensorSpecification }
  >;
  /** Names of inputs and outputs with any number of rows up to the specified. */
  readonly freeRows: ReadonlySet<string>;
  /** Names of constants that the runtime copies when it loads the model; their arrays are not held. */
  readonly packed: ReadonlySet<string>;
  /** Whether 8-bit weights are made unsigned: slower, but exact where products of signed ones saturate. */
  readonly unsignedWeights: boolean;
  /** Where the times of every operator are written, as a path's beginning; undefined: nowhere. */
  readonly profile: string | undefined;
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
    private readonly freeRows: ReadonlySet<string>,
    private readonly constantValues: readonly Handle[],
    /** Arrays the session reads for as long as it lives. */
    private readonly constantArrays: readonly NumericArray[],
  ) {}

  /** Loads a model off the calling thread: packing a hundred million weights takes most of a second. */
  static async open(
    model: Uint8Array,
    inputs: Specifications,
    outputs: Specifications,
    { threads, constants, freeRows, packed, unsignedWeights, profile }: SessionOptions,
  ): Promise<OrtSession> {
    const { functions, check } = ortLibrary();
    const options = created((out) => functions.createSessionOptions(out));
    const [errorsOnly, allOptimizations] = [3, 99];
    check(functions.setSessionLogSeverityLevel(options, errorsOnly));
    check(functions.setSessionGraphOptimizationLevel(options, allOptimizations));
    check(functions.disablePerSessionThreads(options));
    // A pattern plans one block for all activations; without it, a training step of 124M takes 1.2 GB less.
    check(functions.disableMemPattern(options));
    if (profile !== undefined) check(functions.enableProfiling(options, profile));
    if (unsignedWeights) check(functions.addSessionConfigEntry(options, 'session.x64quantprecision', '1'));
    const constantValues = [...constants].map(([name, { array, specification }]) =>
      wrap(name, array, specification),
    );
    const { length } = constantValues;
    if (length > 0)
      check(functions.addExternalInitializers(options, [...constants.keys()], constantValues, length));
    const environment = sharedEnvironment(threads);
    const out: Out = [null];
    const status = await new Promise<Handle | null>((resolve, reject) => {
      functions.createSessionFromArray.async(
        environment,
        model,
        model.length,
        options,
        out,
        (error, result) => (error ? reject(error) : resolve(result)),
      );
    });
    functions.releaseSessionOptions(options);
    check(status);
    const read = [...constants].filter(([name]) => !packed.has(name)).map(([, { array }]) => array);
    return new OrtSession(out[0]!, inputs, outputs, freeRows, constantValues, read);
  }

  /** Runs the model off the calling thread. @throws RangeError on a missing or misshapen array. */
  async run(
    feeds: Readonly<Record<string, NumericArray>>,
    results: Readonly<Record<string, NumericArray>>,
  ): Promise<void> {
    const { functions, check } = ortLibrary();
    const values: Handle[] = [];
    const held = { feeds, results };
    const wrapAll = (
      specifications: Specifications,
      arrays: Readonly<Record<string, NumericArray>>,
    ): Handle[] =>
      Array.from(specifications, ([name, specification]) => {
        const value = wrap(name, arrays[name], specification, this.freeRows.has(name));
        values.push(value);
        return value;
      });
    this.inFlight.add(held);
    try {
      const inputs = wrapAll(this.inputs, feeds);
      const outputs = wrapAll(this.outputs, results);
      const [inputNames, outputNames] = [[...this.inputs.keys()], [...this.outputs.keys()]];
      const status = await new Promise<Handle | null>((resolve, reject) => {
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
      check(status);
    } finally {
      this.inFlight.delete(held);
      for (const value of values) functions.releaseValue(value);
    }
  }

  dispose(): void {
    const { functions } = ortLibrary();
    functions.releaseSession(this.session);
    for (const value of this.constantValues) functions.releaseValue(value);
  }

  /** Keeps the constants' memory reachable. */
  get constantBytes(): number {
    return this.constantArrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}
