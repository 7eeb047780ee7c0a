import { createHash } from 'node:crypto';
import type { ReportFigures } from './contract.js';
import { Html, html, visible } from './html.js';
import { pageScript } from './page-script.js';
import { pageStyles } from './page-styles.js';
import { clusters } from './sections/clusters.js';
import { overview } from './sections/overview.js';
import { allPairs } from './sections/pairs.js';
import { provenance } from './sections/provenance.js';
import { ratings } from './sections/ratings.js';
import { acceptedTitles, counts, rejectedTitles } from './sections/titles.js';
import { training } from './sections/training.js';

/** An icon of its own, so that no browser asks a server for one. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    '<rect width="16" height="16" rx="3" fill="#b3431f"/><path d="M4 5h8M8 5v7" stroke="white" stroke-width="2"/></svg>',
)}`;

/**
 * The report as one HTML page that needs nothing else: styles, script and plots are inside, and its policy
 * forbids the rest, so that even markup that got past the escaping could neither run nor load anything. The
 * same figures always give the same bytes.
 */
export function renderReport(figures: ReportFigures): string {
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(pageStyles)}`,
    `script-src ${sourceHash(pageScript)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const subject = figures.run.subreddit === null ? figures.run.name : `r/${figures.run.subreddit}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${visible(subject)} – titlesmith overfit report</title>
<link rel="icon" href="${icon}">
<style>${new Html(pageStyles)}</style>
</head>
<body>
<main>
${overview(figures)}
${ratings(figures)}
${training(figures)}
${allPairs(figures)}
${clusters(figures)}
${acceptedTitles(figures)}
${rejectedTitles(figures)}
${counts(figures)}
${provenance(figures)}
</main>
<script>${new Html(pageScript)}</script>
</body>
</html>
`;
  return page.markup;
}

/** The Content-Security-Policy source that allows exactly this inline text. */
function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
