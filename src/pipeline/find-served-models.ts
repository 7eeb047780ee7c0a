import { TitlesmithError } from '../common/errors.js';
import { formatBytes } from '../common/number-formats.js';
import { adapterBytes } from '../model/transformer/adapters.js';
import { readConfiguration } from '../model/weights/checkpoint.js';
import type { ServeOptions } from '../options/option-table.js';
import type { FindModels } from '../serve/discovery.js';
import { assertNames } from '../serve/model-names.js';
import type { ServedModel } from '../serve/served-model.js';
import { availableMemory } from './decide/memory.js';
import { isTrained, runsIn } from './named-models.js';
import { describeServedModel } from './open-served-model.js';
import { type BaseIdentities, shareWeights } from './shared-weights.js';

/** What is served when a search begins. */
interface Known {
  readonly served: readonly ServedModel[];
  /** The folders of runs that were named. */
  readonly folders: readonly string[];
  /** The runs in them that are served. */
  readonly runs: readonly string[];
}

/**
 * Finds runs that are trained, or put into a folder of runs, while the server runs. Of those that can share weights that
 * are loaded it gives the model; of others the reason why they take a new start.
 */
export function servedModelFinder(
  { served, folders, runs }: Known,
  options: ServeOptions,
  identities: BaseIdentities,
): FindModels {
  const seen = new Set(runs);
  const known = [...served];
  return async () => {
    const found: ServedModel[] = [];
    const refused: string[] = [];
    for (const folder of folders) {
      for (const run of await runsIn(folder)) {
        if (seen.has(run) || !isTrained(run)) continue;
        seen.add(run);
        try {
          const model = await openAdapted(run, options, identities);
          assertNames([...known, model]);
          known.push(model);
          found.push(model);
        } catch (error) {
          if (!(error instanceof TitlesmithError)) throw error;
          refused.push(`${run} is not served: ${error.toLine()}`);
        }
      }
    }
    return { served: found, refused };
  };
}

/** @throws TitlesmithError where it has weights of its own, or there is no memory for its adapter. */
async function openAdapted(
  run: string,
  options: ServeOptions,
  identities: BaseIdentities,
): Promise<ServedModel> {
  const described = await describeServedModel(run, options);
  const { served, reasons } = await shareWeights([described], identities);
  const model = served[0]!;
  if (!model.shared?.adapter) {
    throw new TitlesmithError(`${reasons[0] ?? `${model.name} has weights of its own`}.`, {
      code: 'model-added',
      hint: 'Start the server again to serve it.',
    });
  }
  const configuration = await readConfiguration(model.model);
  const needed = adapterBytes(configuration, model.shared.adapter.rank);
  const available = availableMemory();
  if (needed > available) {
    throw new TitlesmithError(
      `Its adapter takes ${formatBytes(needed)} of memory, but ${formatBytes(available)} are free.`,
      { code: 'memory', hint: 'Serve fewer models.' },
    );
  }
  return model;
}
