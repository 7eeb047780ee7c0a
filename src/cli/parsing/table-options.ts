import { type Command, Option } from 'commander';
import { type OptionSpecification, optionGroups } from '../../options/option-specification.js';
import type { OptionName } from '../../options/option-table.js';
import { defaultInWords, flagOf, parseValue, specificationOf } from '../../options/options.js';

/** Another flag whose value goes where that of `option` goes. */
class AliasOption extends Option {
  constructor(
    flags: string,
    private readonly option: Option,
  ) {
    super(flags, `The same as ${option.long}.`);
    if (option.parseArg) this.argParser(option.parseArg);
    this.hideHelp();
  }

  override attributeName(): string {
    return this.option.attributeName();
  }
}

/** Options of the table by name, with those of another where a command has its own. */
export function addOptions(
  command: Command,
  names: readonly OptionName[],
  own: Readonly<Record<string, OptionSpecification<unknown>>> = {},
): Command {
  const entries = [...names.map((name) => [name, specificationOf(name)] as const), ...Object.entries(own)];
  for (const group of optionGroups) {
    for (const [name, specification] of entries) {
      if (specification.group !== group) continue;
      const { argument, list, help, alias } = specification;
      const byDefault = defaultInWords(specification);
      const flags = argument === undefined ? flagOf(name) : `${flagOf(name)} ${argument}`;
      const option = new Option(flags, byDefault === undefined ? help : `${help} (default: ${byDefault})`);
      if (list) {
        option.argParser((text: string, before: readonly unknown[] | undefined) => [
          ...(before ?? []),
          parseValue(name, specification, text),
        ]);
      } else if (argument !== undefined) {
        option.argParser((text: string) => parseValue(name, specification, text));
      }
      command.addOption(option.helpGroup(`${group}:`));
      if (alias !== undefined) command.addOption(new AliasOption(flags.replace(flagOf(name), alias), option));
    }
  }
  return command;
}
