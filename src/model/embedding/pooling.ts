import { TitlesmithError } from '../../common/errors.js';

/** Which of a sentence's hidden states are its vector: the mean of all tokens' ones, or the first token's, `[CLS]`. */
export type Pooling = 'mean' | 'first';

/** Files in which sentence-transformers says what follows the transformer; without them it is the mean. */
export const poolingNames = ['modules.json', '1_Pooling/config.json'] as const;

/** Modules that change nothing here: the transformer itself, pooling, and the division by the vector's length. */
const computedModules = ['Transformer', 'Pooling', 'Normalize'];
/** By the setting of sentence-transformers that is on. */
const poolings = new Map<string, Pooling>([
  ['mean_tokens', 'mean'],
  ['mean', 'mean'],
  ['cls_token', 'first'],
  ['cls', 'first'],
]);

/**
 * How a model pools, by the two files of {@link poolingNames}.
 * @param folder names the model in messages.
 * @param contents of the files, in that order; undefined: it is not there.
 * @throws TitlesmithError `sentence-model` for files that cannot be read, and for what is not computed here: another pooling,
 *   several at once, or a further layer.
 */
export function parsePooling(folder: string, contents: readonly (string | undefined)[]): Pooling {
  const [modules, pooling] = contents.map((content, i) =>
    content === undefined ? undefined : parse(`${folder}/${poolingNames[i]}`, content),
  );
  for (const module of Array.isArray(modules) ? modules : []) {
    if (typeof module?.type !== 'string') throw unreadable(`${folder}/${poolingNames[0]}`);
    const name = module.type.split('.').at(-1);
    if (!computedModules.includes(name))
      throw notComputed(folder, `a layer ${JSON.stringify(name)} after its transformer`);
  }
  if (pooling === undefined) return 'mean';
  const named = Object.entries(pooling).flatMap(([key, value]) => {
    if (key === 'pooling_mode' && typeof value === 'string') return [value];
    return key.startsWith('pooling_mode_') && value === true ? [key.slice('pooling_mode_'.length)] : [];
  });
  const [only] = named;
  const known = named.length === 1 ? poolings.get(only!) : undefined;
  if (known === undefined) throw notComputed(folder, `the pooling ${JSON.stringify(named.join(', '))}`);
  return known;
}

function parse(path: string, content: string): object {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null) return value;
  throw unreadable(path);
}

function unreadable(path: string): TitlesmithError {
  return new TitlesmithError(`${path} does not say how a sentence model pools.`, {
    code: 'sentence-model',
    hint: 'Fetch the model anew.',
  });
}

function notComputed(folder: string, what: string): TitlesmithError {
  return new TitlesmithError(`The sentence model ${folder} has ${what}, which titlesmith does not compute.`, {
    code: 'sentence-model',
    hint: 'Name one that takes the mean of its tokens, or its first token, such as all-MiniLM-L6-v2.',
  });
}
