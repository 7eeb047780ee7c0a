import type { WorkContext } from '../../common/progress.js';
import { parameterCount, parameterSpecifications } from '../../model/transformer/parameters.js';
import { baseFolder } from '../../model/weights/base-folder.js';
import { baseConfiguration, baseName } from '../../model/weights/base-model.js';
import { hubSettings } from '../../model/weights/hub/settings.js';
import { cachedHubFolder } from '../../model/weights/hub/snapshot.js';
import { publishedShape } from '../../model/weights/model-name.js';
import { publishedModels } from '../../model/weights/published-models.js';
import { openModel, questionToHub } from '../../model/weights/resolve-model.js';

/** A model that has a name of its own. */
interface NamedModelOverview {
  readonly name: string;
  /** The repository of the Hugging Face hub; undefined for the one that ships with titlesmith. */
  readonly repository?: string;
  readonly parameters: number;
  readonly licence: string;
  /** The folder of its files, if they are all here. */
  readonly folder?: string;
}

/** The models that `--model` knows by name, and which of them are on this machine. The hub is not asked. */
export async function listNamedModels(): Promise<readonly NamedModelOverview[]> {
  const base: NamedModelOverview = {
    name: baseName,
    parameters: parameterCount(parameterSpecifications(baseConfiguration)),
    licence: 'MIT',
    folder: baseFolder,
  };
  const published = publishedModels.map(async ({ name, repository, licence }) => {
    const folder = await cachedHubFolder({ repository, revision: 'main' }, hubSettings());
    const parameters = parameterCount(parameterSpecifications(publishedShape(name)!));
    return { name, repository, parameters, licence, ...(folder === undefined ? {} : { folder }) };
  });
  return [base, ...(await Promise.all(published))];
}

/**
 * Fetches a model into the cache, unless it is there, and checks its files.
 * @param name as for `--model`.
 * @returns one line that says which.
 * @throws TitlesmithError when it cannot be had; InterruptedError when the context asks to stop.
 */
export async function fetchModel(name: string, context: WorkContext): Promise<string> {
  const asked = questionToHub(name);
  if (asked !== undefined) context.onProgress({ kind: 'note', message: asked });
  const { weights, source } = await openModel(name, context);
  await weights.close();
  return source.description;
}
