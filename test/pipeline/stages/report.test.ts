import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeReport } from '../../../src/pipeline/stages/report.js';
import { buildReport } from '../../../src/report/build-report.js';
import { exampleInput, inventTitles, reportPage } from '../../report/example.js';

describe('writeReport', () => {
  it('writes the page and the same figures for programs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'titlesmith-report-'));
    try {
      const figures = buildReport(await exampleInput({ outputs: inventTitles(40, 'outputs') }));
      await writeReport(folder, figures);
      expect((await readdir(folder)).sort()).toEqual(['report.html', 'report.json']);
      expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toEqual(figures);
      expect(await readFile(join(folder, 'report.html'), 'utf8')).toBe(reportPage(figures));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
