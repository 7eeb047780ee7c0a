import { optionGroups } from './option-specification.js';
import { defaultInWords, flagOf, optionNames, specificationOf } from './options.js';

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** docs/options.md: every option of the pipeline, by group, from the table the command line itself is made of. */
export function describeOptions(): string {
  const lines = [
    '# Options',
    '',
    'All options of `titlesmith pipeline`. The commands of single stages take those of their stage; what is not given',
    'there is as recorded in the run folder. Written from `src/pipeline/option-table.ts` by its test (`npx vitest run --update',
    'option-document`).',
  ];
  for (const group of optionGroups) {
    lines.push('', `## ${group}`, '', '| option | meaning | default |', '| --- | --- | --- |');
    for (const name of optionNames.filter((candidate) => specificationOf(candidate).group === group)) {
      const { argument, help } = specificationOf(name);
      const flags = argument === undefined ? flagOf(name) : `${flagOf(name)} ${argument}`;
      lines.push(
        `| \`${flags.replaceAll('|', '\\|')}\` | ${cell(help)} | ${cell(defaultInWords(name) ?? '')} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
