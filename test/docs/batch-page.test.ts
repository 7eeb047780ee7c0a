import { describe, expect, test } from 'vitest';
import { parseBatchFile } from '../../src/batch/batch-file.js';
import type { OptionRows } from '../../src/options/option-row.js';
import { defaultInWords, flagOf } from '../../src/options/option-values.js';
import { batchSettings } from '../../src/options/table/batch.js';
import { fenced, readPage } from './pages.js';

describe('docs/batch.md', () => {
  test('lists every setting as the command line has it', () => {
    const rows = Object.entries(batchSettings as OptionRows).map(
      ([name, row]) => `| \`${flagOf(name).slice(2)}\` | ${row.help} | ${defaultInWords(row) ?? ''} |`,
    );
    const listed = readPage('docs/batch.md')
      .split('\n')
      .filter((line) => /^\| `[a-z-]+` \|/.test(line));
    expect(listed).toEqual(rows);
  });

  test('shows batch files that are taken', () => {
    const [whole, part] = fenced(readPage('docs/batch.md'), 'yaml');
    expect(parseBatchFile(whole!, 'batch.yaml').runs.map(({ name }) => name)).toEqual([
      'askreddit',
      'showerthoughts',
      'til-small',
    ]);
    expect(parseBatchFile(`${part}subreddits: [askreddit]\n`, 'batch.yaml').runs[0]?.options.addMonths).toBe(
      true,
    );
  });
});
