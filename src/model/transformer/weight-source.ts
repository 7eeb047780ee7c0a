import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { createParameterStore, type ParameterSpecification, type ParameterStore } from './parameters.js';

/**
 * The weights of a model on disk, read one parameter at a time into memory the caller owns, so that they
 * never lie twice in memory.
 */
export interface WeightSource {
  /**
   * Fills `into` with a parameter's values, float32 row-major.
   * @param name as in `parameterSpecifications`.
   * @param into where it is shorter than the parameter (a token embedding of fewer rows), the first values.
   * @throws TitlesmithError naming the tensor when the file does not hold it as it should.
   */
  read(name: string, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * The same weights, with one event of progress a tensor.
 * @param total tensors that will be read.
 * @throws InterruptedError, in `read`, when the context asks to stop.
 */
export function watchedWeights(source: WeightSource, total: number, context: WorkContext): WeightSource {
  let done = 0;
  return {
    read: async (name, into) => {
      if (context.signal.aborted) throw new InterruptedError();
      await source.read(name, into);
      done++;
      context.onProgress({ kind: 'progress', label: 'read weights', done, total, unit: 'tensors' });
    },
    close: () => source.close(),
  };
}

/**
 * Reads parameters into a new store, with progress.
 * @throws InterruptedError when the context asks to stop; TitlesmithError naming a tensor that cannot be
 *   read.
 */
export async function loadWeights(
  source: WeightSource,
  specifications: readonly ParameterSpecification[],
  context: WorkContext,
): Promise<ParameterStore> {
  const store = createParameterStore(specifications);
  const watched = watchedWeights(source, specifications.length, context);
  for (const { name } of specifications) await watched.read(name, store.views.get(name)!);
  return store;
}

/** The weights of a store in memory as a source. @throws RangeError for a name the store does not have. */
export function storedWeights({ views }: ParameterStore): WeightSource {
  return {
    read: async (name, into) => {
      const values = views.get(name);
      if (!values) throw new RangeError(`no parameter ${name}`);
      into.set(values.subarray(0, into.length));
    },
    close: async () => {},
  };
}
