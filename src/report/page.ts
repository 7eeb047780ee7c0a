import { renderPage } from '../web/page-shell.js';
import { pageStyles } from '../web/page-styles.js';
import { pageScript } from './page-script.js';
import type { ReportFigures } from './report-figures.js';
import { clusters } from './sections/clusters.js';
import { overview } from './sections/overview.js';
import { allPairs } from './sections/pairs.js';
import { provenance } from './sections/provenance.js';
import { ratings } from './sections/ratings.js';
import { acceptedTitles, counts, rejectedTitles } from './sections/titles.js';
import { training } from './sections/training.js';

/** The report as one HTML page that needs nothing else. The same figures always give the same bytes. */
export function renderReport(figures: ReportFigures): string {
  const subject = figures.run.subreddit === null ? figures.run.name : `r/${figures.run.subreddit}`;
  return renderPage({
    title: `${subject} – titlesmith overfit report`,
    styles: pageStyles,
    script: pageScript,
    body: [
      overview(figures),
      ratings(figures),
      training(figures),
      allPairs(figures),
      clusters(figures),
      acceptedTitles(figures),
      rejectedTitles(figures),
      counts(figures),
      provenance(figures),
    ],
  });
}
