import { checkArgument, hasKeys } from '../options/call-arguments.js';
import { type PageAssets, renderSelfContainedPage } from '../web/html-page.js';
import type { ReportFigures } from './report-figures.js';
import { baseTitles } from './sections/base-titles.js';
import { canaries } from './sections/canaries.js';
import { decided } from './sections/decided.js';
import { learned } from './sections/learned.js';
import { measures } from './sections/measures.js';
import { overview } from './sections/overview.js';
import { allPairs, clusters } from './sections/pairs.js';
import { ratings } from './sections/ratings.js';
import { refusals, refusedTitles } from './sections/refusals.js';
import { acceptedTitles, counts } from './sections/titles.js';
import { training } from './sections/training.js';
import { sharedWordings } from './sections/wordings.js';

/**
 * The report as one self-contained HTML page. The same figures and assets always give the same bytes.
 * @param assets bundled from client/report.css and client/report.ts.
 */
export function renderReport(figures: ReportFigures, assets: PageAssets): string {
  checkArgument(
    'renderReport',
    'figures',
    figures,
    hasKeys('figures, as buildReport returns them', 'run', 'format'),
  );
  const subject = figures.run.subreddit === null ? figures.run.name : `r/${figures.run.subreddit}`;
  return renderSelfContainedPage({
    title: `${subject} – titlesmith overfit report`,
    ...assets,
    body: [
      overview(figures),
      measures(figures),
      learned(figures),
      refusals(figures),
      sharedWordings(figures),
      canaries(figures),
      training(figures),
      ratings(figures),
      baseTitles(figures),
      acceptedTitles(figures),
      allPairs(figures),
      clusters(figures),
      refusedTitles(figures),
      counts(figures),
      decided(figures),
    ],
  });
}
