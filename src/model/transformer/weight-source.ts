import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { checkArgument, hasKeys } from '../../options/call-arguments.js';
import { createParameterStore, type ParameterSpecification, type ParameterStore } from './parameters.js';

/**
 * A model's weights, usually on disk, read one parameter at a time into the caller's arrays, so that they are never in
 * memory twice.
 */
export interface WeightSource {
  /**
   * Fills `into` with a parameter's values, float32 row-major.
   * @param name as in `parameterSpecifications`.
   * @param into if it is shorter than the parameter (a token embedding with fewer rows), only the first values are
   *   read.
   * @throws TitlesmithError naming the tensor when the file does not hold it, or it is damaged.
   */
  read(name: string, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * The same weights, reporting progress for each tensor.
 * @param total number of tensors that will be read.
 * @throws InterruptedError, in `read`, when the context asks to stop.
 */
export function weightsWithProgress(source: WeightSource, total: number, context: WorkContext): WeightSource {
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
 * Reads parameters into a new store, reporting progress.
 * @throws InterruptedError when the context asks to stop; TitlesmithError naming a tensor that cannot be
 *   read.
 */
export async function loadWeights(
  source: WeightSource,
  specifications: readonly ParameterSpecification[],
  context: WorkContext,
): Promise<ParameterStore> {
  const store = createParameterStore(specifications);
  const watched = weightsWithProgress(source, specifications.length, context);
  for (const { name } of specifications) await watched.read(name, store.views.get(name)!);
  return store;
}

/** A store in memory as a weight source. Its `read` throws RangeError for a name the store does not have. */
export function storedWeights(store: ParameterStore): WeightSource {
  checkArgument('storedWeights', 'store', store, hasKeys('store of parameters', 'views'));
  const { views } = store;
  return {
    read: async (name, into) => {
      const values = views.get(name);
      if (!values) throw new RangeError(`no parameter ${name}`);
      into.set(values.subarray(0, into.length));
    },
    close: async () => {},
  };
}
