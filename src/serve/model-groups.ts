import type { ServedModel } from './served-model.js';

/** Models that generate with the same weights, in the slots of one decoder. */
export interface ModelGroup {
  /** At least one; several where they share the weights of a base. */
  readonly models: readonly ServedModel[];
  /** The rank that the decoder's adapters have: the largest of theirs. Undefined where the one model has its own weights. */
  readonly adapterRank: number | undefined;
}

/** The models by whose weights they generate with, and what these are computed in. */
export function groupsOf(served: readonly ServedModel[]): readonly ModelGroup[] {
  const groups = new Map<string, ServedModel[]>();
  for (const model of served) {
    const key = weightsOf(model);
    groups.set(key, [...(groups.get(key) ?? []), model]);
  }
  return [...groups.values()].map((models) => ({ models, adapterRank: largestRank(models) }));
}

/** Says whose weights a model generates with, and what they are computed in: the same for those that share them. */
export function weightsOf({ name, shared, precision }: ServedModel): string {
  return JSON.stringify(shared ? ['shared', shared.identity, precision] : ['own', name]);
}

/** The base model itself has an adapter of nothing, which takes a rank of 1. */
function largestRank(models: readonly ServedModel[]): number | undefined {
  if (!models[0]?.shared) return undefined;
  return Math.max(1, ...models.map(({ shared }) => shared?.adapter?.rank ?? 1));
}
