import { baseName } from './base-model.js';

/** Published models: gpt-2-simple's names of GPT-2, and the smaller SmolLM2s; their repositories, and the licences these state. */
export const publishedModels = [
  { name: '124M', repository: 'openai-community/gpt2', licence: 'MIT' },
  { name: '355M', repository: 'openai-community/gpt2-medium', licence: 'MIT' },
  { name: '774M', repository: 'openai-community/gpt2-large', licence: 'MIT' },
  { name: '1558M', repository: 'openai-community/gpt2-xl', licence: 'MIT' },
  { name: 'distil', repository: 'distilbert/distilgpt2', licence: 'Apache-2.0' },
  { name: 'smollm2', repository: 'HuggingFaceTB/SmolLM2-135M', licence: 'Apache-2.0' },
  { name: 'smollm2-360M', repository: 'HuggingFaceTB/SmolLM2-360M', licence: 'Apache-2.0' },
] as const;

/** The repositories of all names, the hub's former ones among them. */
export const publishedRepositories: ReadonlyMap<string, string> = new Map([
  ...publishedModels.map(({ name, repository }) => [name, repository] as const),
  ['gpt2', 'openai-community/gpt2'],
  ['gpt2-medium', 'openai-community/gpt2-medium'],
  ['gpt2-large', 'openai-community/gpt2-large'],
  ['gpt2-xl', 'openai-community/gpt2-xl'],
  ['distilgpt2', 'distilbert/distilgpt2'],
]);

/** `owner/name`, and after an `@` a branch, tag or commit. */
const hubId = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w.-]*(?:\/[\w-][\w.-]*)*))?$/;

/** The repository and revision of `owner/name[@revision]`; undefined for another text. */
export function parseHubId(name: string): { repository: string; revision: string } | undefined {
  const [, repository, revision = 'main'] = hubId.exec(name) ?? [];
  const isFile = /\.gguf$/i.test(name);
  return repository === undefined || name.includes('..') || isFile ? undefined : { repository, revision };
}

/** Whether a name of `--model` stands for what a training chooses or makes, and not for weights that are there. */
export const isTrainedName = (name: string): boolean => ['auto', 'nano', 'scratch'].includes(name);

/**
 * Whether a model's name is that of a folder, or of nothing: neither a way of choosing one, nor a published model, nor
 * `owner/name[@revision]`.
 */
export function namesFolder(name: string): boolean {
  return (
    !isTrainedName(name) &&
    name !== baseName &&
    !publishedRepositories.has(name) &&
    parseHubId(name) === undefined
  );
}
