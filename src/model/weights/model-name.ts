import { existsSync } from 'node:fs';
import { TitlesmithError, usageError } from '../../common/errors.js';

/**
 * What `--model` can name: a repository of the Hugging Face hub at a revision, or a folder (or a checkpoint
 * in it).
 */
export type ModelName =
  | { readonly kind: 'hub'; readonly repository: string; readonly revision: string }
  | { readonly kind: 'folder'; readonly path: string };

/** The published GPT-2s: gpt-2-simple's names and the hub's former ones, and where the hub keeps them. */
const published: ReadonlyMap<string, string> = new Map([
  ['124M', 'openai-community/gpt2'],
  ['355M', 'openai-community/gpt2-medium'],
  ['774M', 'openai-community/gpt2-large'],
  ['1558M', 'openai-community/gpt2-xl'],
  ['distil', 'distilbert/distilgpt2'],
  ['gpt2', 'openai-community/gpt2'],
  ['gpt2-medium', 'openai-community/gpt2-medium'],
  ['gpt2-large', 'openai-community/gpt2-large'],
  ['gpt2-xl', 'openai-community/gpt2-xl'],
  ['distilgpt2', 'distilbert/distilgpt2'],
]);

/** `owner/name`, and after an `@` a branch, tag or commit. */
const hubId = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w.-]*(?:\/[\w-][\w.-]*)*))?$/;

/**
 * Understands a model's name: 124M, 355M, 774M, 1558M, distil, a path, or `owner/name[@revision]`. A folder
 * that is there comes before a repository of the same name.
 * @throws TitlesmithError when it is none of these; exit code 2 where it does not even look like a path.
 */
export function parseModelName(name: string): ModelName {
  const known = published.get(name);
  if (known !== undefined) return { kind: 'hub', repository: known, revision: 'main' };
  if (existsSync(name) || existsSync(`${name}.index`)) return { kind: 'folder', path: name };
  if (/^\.{0,2}[\\/]|^~|^[A-Za-z]:[\\/]|\/$/.test(name)) {
    throw new TitlesmithError(`There is no folder ${JSON.stringify(name)} to take a model from.`, {
      code: 'model-folder-missing',
      hint: 'Check the path.',
    });
  }
  const [, repository, revision = 'main'] = hubId.exec(name) ?? [];
  if (repository === undefined || name.includes('..')) {
    throw usageError(
      `--model got ${JSON.stringify(name)}, which is no known model, no folder and no Hugging Face id (owner/name).`,
      'Use auto, nano, 124M, 355M, 774M, 1558M, distil, a folder or a Hugging Face id.',
    );
  }
  return { kind: 'hub', repository, revision };
}
