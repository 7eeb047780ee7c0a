import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { runExtract } from '../../../src/pipeline/stages/extract.js';

test('what was guessed, read otherwise and left out is among the counts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-extract-'));
  try {
    const path = join(folder, 'list.csv');
    const lines = ['headline', 'The first title of all', 'A caf\xe9 that is open', 'A title\0 with a NUL'];
    writeFileSync(path, `${lines.join('\n')}\n`, 'latin1');
    const job = {
      stage: 'extract',
      folder,
      work: folder,
      preparation: folder,
      runName: 'list',
      options: { ...defaultOptions(), input: [path], subreddit: ['cats'] },
      decisions: { source: { choice: 'csv', reason: 'of the test' } },
      counts: {},
      resume: false,
      beginsWithCheckpoint: false,
      startOver: false,
    } as const;
    const counts = await runExtract(job, { ...silentContext, begin: async () => {} });
    expect(counts).toMatchObject({ extracted: 2, kept: 2 });
    expect(counts.remarks).toEqual([
      'list.csv holds 1 byte that is not UTF-8: read as Windows-1252 (Latin-1)',
      expect.stringContaining('list.csv: the first line, "headline", is taken for the name of the column'),
      expect.stringContaining('1 record with a NUL byte is dropped: line 4'),
      expect.stringContaining('has no column subreddit'),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
