import { TitlesmithError } from '../../common/errors.js';

/** Fields of a config.json as they were read. */
export type ConfigurationFields = Readonly<Record<string, unknown>>;

/** A setting that changes what a model computes, and the values that are supported; the first is named in messages. */
interface Setting {
  readonly name: string;
  readonly allowed: readonly unknown[];
}

/** Reads the fields of a model's config.json; what it refuses is a TitlesmithError naming file, field and value. */
export class ConfigurationReader {
  /** @param path names the file in messages. */
  constructor(
    readonly fields: ConfigurationFields,
    private readonly path: string,
  ) {}

  refuse(what: string): never {
    throw new TitlesmithError(`${this.path}: ${what}.`, {
      code: 'model-configuration',
      hint: 'Name a GPT-2 or a Llama: a folder in Hugging Face form (config.json, model.safetensors, tokenizer files), or a GGUF file.',
    });
  }

  /** @throws TitlesmithError when a setting has a value that is not supported; one that is left out is. */
  check(settings: readonly Setting[]): void {
    for (const { name, allowed } of settings) {
      const value = this.fields[name];
      if (value === undefined || allowed.includes(value)) continue;
      this.refuse(`${name} ${JSON.stringify(value)} is not supported, only ${JSON.stringify(allowed[0])}`);
    }
  }

  /** A whole number from 1 on. @param otherwise its value where it is left out or null; undefined: it must be there. */
  size(name: string, limit: number, otherwise?: number): number {
    const value = this.fields[name] ?? otherwise ?? this.fields[name];
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= limit) return value;
    return this.refuse(`${name} must be a whole number from 1 to ${limit}; it is ${JSON.stringify(value)}`);
  }

  /** A number above 0. @param otherwise its value where it is left out or null; undefined: it must be there. */
  positive(name: string, otherwise?: number): number {
    const value = this.fields[name] ?? otherwise;
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
    return this.refuse(`${name} must be a positive number`);
  }
}
