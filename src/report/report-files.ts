import { join } from 'node:path';
import { writeFileAtomic } from '../io/atomic-file.js';
import { renderReport } from './page.js';
import type { ReportFigures } from './report-figures.js';

/**
 * Writes report.html and report.json into a run folder, each atomically. @throws TitlesmithError naming the
 * file.
 */
export async function writeReport(folder: string, figures: ReportFigures): Promise<void> {
  await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFileAtomic(join(folder, 'report.html'), renderReport(figures));
}
