import { join } from 'node:path';
import { writeFileAtomic } from '../src/io/atomic-file.js';
import { packageRoot } from '../src/io/package-root.js';
import { type OptionRows, optionGroups } from '../src/options/option-row.js';
import { optionTable } from '../src/options/option-table.js';
import { defaultInWords, flagOf, usageOf } from '../src/options/option-values.js';
import { batchSettings } from '../src/options/table/batch.js';
import { serveOptions } from '../src/options/table/serve.js';
import { singleCommandOptions } from '../src/options/table/single-commands.js';
import { replacedOptions } from '../src/options/table/training.js';

export const optionsPagePath: string = join(packageRoot, 'docs/options.md');

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** A table of some options. */
function* section(heading: string, rows: OptionRows): Generator<string> {
  yield* ['', heading, '', '| option | meaning | default |', '| --- | --- | --- |'];
  for (const [name, row] of Object.entries(rows)) {
    const also = row.alias === undefined ? '' : ` Also \`${flagOf(row.alias)}\`.`;
    const usage = usageOf(name, row).replaceAll('|', '\\|');
    yield `| \`${usage}\` | ${cell(row.help)}${also} | ${cell(defaultInWords(row) ?? '')} |`;
  }
}

/** The rows that a condition holds for. */
function some(rows: OptionRows, isWanted: (row: OptionRows[string]) => boolean): OptionRows {
  return Object.fromEntries(Object.entries(rows).filter(([, row]) => isWanted(row)));
}

/** docs/options.md: every option by group, from the tables the command line itself is made of. */
export function describeOptions(): string {
  const lines = [
    '# Options',
    '',
    'All options of `titlesmith pipeline`, then those of other commands. The commands of single stages take those of their stage;',
    'what is not given there is as recorded in the run folder. Written from the tables in `src/options` by',
    '`npm run -s tool -- options-page`.',
    '',
    'A switch that a run has on is turned off by `--no-` before its name. `titlesmith completion` prints a script that completes',
    'command lines in bash, zsh or fish, for `~/.bashrc`, `~/.zshrc` or `~/.config/fish/completions/titlesmith.fish`.',
  ];
  for (const group of optionGroups) {
    const ofGroup = some(optionTable, (row) => row.group === group);
    if (Object.keys(ofGroup).length > 0) lines.push(...section(`## ${group}`, ofGroup));
  }
  lines.push(...section('## `titlesmith serve`', serveOptions));
  lines.push(
    ...section('## `titlesmith batch`', {
      ...some(singleCommandOptions, (row) => row.group === 'Batch'),
      ...batchSettings,
    }),
  );
  for (const command of ['compare', 'plot', 'export', 'review'] as const)
    lines.push(
      ...section(
        `## \`titlesmith ${command}\``,
        some(singleCommandOptions, (row) => row.commands.includes(command)),
      ),
    );
  lines.push(
    '',
    '## Arguments of gpt-2-simple that are no options here',
    '',
    'All others of `finetune` and `generate` go by their names, with hyphens; these are found with underscores, too.',
    '',
    '| argument | in its place |',
    '| --- | --- |',
  );
  for (const [flag, why] of Object.entries(replacedOptions)) lines.push(`| \`${flag}\` | ${cell(why)} |`);
  return `${lines.join('\n')}\n`;
}

/** `npm run -s tool -- options-page`: writes docs/options.md anew, after a change to an option. */
export async function main(): Promise<void> {
  await writeFileAtomic(optionsPagePath, describeOptions());
  console.log(`Wrote ${optionsPagePath}`);
}
