import { type OptionName, optionNames, type RunOptions, rowOf } from '../options/option-table.js';
import { flagOf } from '../options/options.js';

function argumentsOf(name: OptionName, value: unknown): string[] {
  const { type, list } = rowOf(name);
  if (value === undefined) return [];
  if (type === 'switch') return value === true ? [flagOf(name)] : [];
  // With an equals sign no value is taken for a flag, whatever it begins with.
  const items: readonly unknown[] = list && Array.isArray(value) ? value : [value];
  return items.map((item) => `${flagOf(name)}=${String(item)}`);
}

/** Options as the command line takes them. */
export function toArguments(options: Partial<RunOptions>): string[] {
  return optionNames.flatMap((name) => argumentsOf(name, options[name]));
}
