import { join } from 'node:path';
import { writeFileAtomic } from '../src/io/atomic-file.js';
import { packageRoot } from '../src/io/package-root.js';
import { replacedOptions } from '../src/options/gpt-2-simple-options.js';
import { type OptionSpecification, optionGroups } from '../src/options/option-specification.js';
import { defaultInWords, flagOf, optionNames, specificationOf } from '../src/options/options.js';
import { serveOptionTable } from '../src/options/serve-options.js';

export const optionsPagePath: string = join(packageRoot, 'docs/options.md');

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

type Entry = readonly [string, OptionSpecification<unknown>];

function* section(heading: string, entries: readonly Entry[]): Generator<string> {
  yield* ['', heading, '', '| option | meaning | default |', '| --- | --- | --- |'];
  for (const [name, specification] of entries) {
    const { argument, help, alias } = specification;
    const also = alias === undefined ? '' : ` Also \`${alias}\`.`;
    const flags = argument === undefined ? flagOf(name) : `${flagOf(name)} ${argument}`;
    yield `| \`${flags.replaceAll('|', '\\|')}\` | ${cell(help)}${also} | ${cell(defaultInWords(specification) ?? '')} |`;
  }
}

/** docs/options.md: every option by group, from the tables the command line itself is made of. */
export function describeOptions(): string {
  const lines = [
    '# Options',
    '',
    'All options of `titlesmith pipeline`, then those of `serve`. The commands of single stages take those of their stage;',
    'what is not given there is as recorded in the run folder. Written from the tables in `src/options` by',
    '`npm run tool -- options-page`.',
  ];
  const entries = optionNames.map((name): Entry => [name, specificationOf(name)]);
  for (const group of optionGroups) {
    const ofGroup = entries.filter(([, specification]) => specification.group === group);
    if (ofGroup.length > 0) lines.push(...section(`## ${group}`, ofGroup));
  }
  lines.push(...section('## `titlesmith serve`', Object.entries(serveOptionTable)));
  lines.push(
    '',
    "## Arguments of gpt-2-simple's `finetune` that are no options here",
    '',
    'All others go by their names, with hyphens.',
    '',
    '| argument | in its place |',
    '| --- | --- |',
  );
  for (const [flag, why] of Object.entries(replacedOptions)) lines.push(`| \`${flag}\` | ${cell(why)} |`);
  return `${lines.join('\n')}\n`;
}

/** `npm run tool -- options-page`: writes docs/options.md anew, after a change to an option. */
export async function main(): Promise<void> {
  await writeFileAtomic(optionsPagePath, describeOptions());
  console.log(`Wrote ${optionsPagePath}`);
}
