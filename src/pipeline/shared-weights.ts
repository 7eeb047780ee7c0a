import { TitlesmithError } from '../common/errors.js';
import { silentContext } from '../common/progress.js';
import { nativeSha256 } from '../io/atomic-file.js';
import { type AdapterDescription, baseIdentity } from '../model/weights/adapter-bytes.js';
import { describeAdapter } from '../model/weights/adapter-file.js';
import { openModelFiles } from '../model/weights/open-for-generation.js';
import { isTrainedName } from '../model/weights/published-models.js';
import { locateModel } from '../model/weights/resolve-model.js';
import type { ServedModel, SharedWeights } from '../serve/served-model.js';

/** A model to be served, and what its run says of its weights. */
export interface DescribedModel {
  readonly served: ServedModel;
  /** The model that its training began with, as `--model` names it; undefined where it has no run. */
  readonly beganWith: string | undefined;
  /** Whether it was trained with adapters. */
  readonly hasAdapters: boolean;
}

/**
 * Finds the models that were trained with adapters on the same base weights, and lets them share these. A model whose base
 * is not there, or is another by now, loads its own weights.
 * @returns the models in the same order; and a line for each that could not share.
 * @throws TitlesmithError when an adapter's file is damaged.
 */
export async function shareWeights(
  described: readonly DescribedModel[],
  identities: BaseIdentities,
): Promise<{ readonly served: readonly ServedModel[]; readonly reasons: readonly string[] }> {
  const reasons: string[] = [];
  const shares = new Map<ServedModel, SharedWeights>();
  /** Of the bases that are shared, by the name of `--model`. */
  const shared = new Map<string, string>();
  for (const { served, beganWith, hasAdapters } of described) {
    if (!hasAdapters) continue;
    const found = await findBase(served, beganWith, identities);
    if (typeof found === 'string') {
      reasons.push(`${served.name} loads its own weights: ${found}`);
      continue;
    }
    const { base, rank, name } = found;
    shares.set(served, { base: name, identity: base, adapter: { folder: served.model, rank } });
    shared.set(name, base);
  }
  for (const { served, hasAdapters } of described) {
    const identity = shared.get(served.model);
    // The base model itself, where others bring its weights along.
    if (!hasAdapters && identity !== undefined && served.precision !== 'float16')
      shares.set(served, { base: served.model, identity, adapter: undefined });
  }
  const result = described.map(({ served }) => {
    const own = shares.get(served);
    return own ? { ...served, shared: own } : served;
  });
  return { served: result, reasons };
}

/** The base that a model's adapter was trained on, or why it cannot be shared. */
async function findBase(
  { model, precision }: ServedModel,
  name: string | undefined,
  identities: BaseIdentities,
): Promise<string | (AdapterDescription & { readonly name: string })> {
  const description = await describeAdapter(model);
  if (!description)
    return 'it was trained before adapters were kept beside the weights that they are merged into';
  if (precision === 'float16') return 'adapters are shared in float32 and int8';
  if (name === undefined || isTrainedName(name)) return 'its run does not say which model it began with';
  const identity = await identities.of(name);
  if (identity === description.base) return { ...description, name };
  return `the model that it began with, ${name}, is ${identity === undefined ? 'not there' : 'another by now'}`;
}

/** What identifies models by their names; each is read once. */
export class BaseIdentities {
  private readonly known = new Map<string, Promise<string | undefined>>();

  /** Undefined for a model that is not on this machine, or cannot be read. */
  of(name: string): Promise<string | undefined> {
    const known = this.known.get(name) ?? this.read(name).catch(notThere);
    this.known.set(name, known);
    return known;
  }

  private async read(name: string): Promise<string | undefined> {
    // Nothing is downloaded to spare memory.
    if ((await locateModel(name)).missingBytes > 0) return undefined;
    const { configuration, tokenizer, weights } = await openModelFiles(name, silentContext);
    try {
      return await baseIdentity(configuration, tokenizer, weights, nativeSha256());
    } finally {
      await weights.close();
    }
  }
}

function notThere(error: unknown): undefined {
  if (!(error instanceof TitlesmithError)) throw error;
  return undefined;
}
