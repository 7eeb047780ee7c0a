import { type Html, html, visible } from '../../web/html.js';
import { renderSelfContainedPage } from '../../web/html-page.js';
import { titleEnd } from '../comparison/comparison.js';
import {
  type BatchComparison,
  changeInWords,
  comparedFigures,
  copiesInWords,
  copiesMethod,
  type MatchedRun,
  matchesInWords,
} from './batch-comparison.js';
import type { BatchRecord } from './batch-record.js';

/**
 * Two batches on one page, a row a run. The same records always give the same bytes.
 * @param styles bundled from ../client/batch.css.
 */
export function renderBatchComparison(comparison: BatchComparison, styles: string): string {
  const { before, after, runs } = comparison;
  return renderSelfContainedPage({
    title: `Two batches${titleEnd}`,
    styles,
    body: [
      html`<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> comparison of batches</p>
<h1>Two batches, run by run</h1>
<p class="lead">${named(before)}, then ${named(after)}. ${matchesInWords(comparison)}</p>
</header>`,
      html`<section aria-labelledby="runs">
<h2 id="runs">Runs</h2>
<div class="scroll" role="region" aria-label="Table of runs" tabindex="0"><table class="runs" role="table" aria-label="Runs of both batches">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Run</th>
${comparedFigures.map(({ heading }) => html`<th role="columnheader" scope="col">${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">
${runs.map(row)}</tbody>
</table></div>
</section>`,
      html`<p class="colophon">${copiesMethod} Made by titlesmith ${visible(after.titlesmithVersion)}.</p>`,
    ],
  });
}

function named({ file, startedAt }: BatchRecord): Html {
  return html`<bdi>${visible(file)}</bdi> of <time datetime="${startedAt}">${visible(startedAt.slice(0, 16).replace('T', ' '))}</time>`;
}

function row(run: MatchedRun): Html {
  const cells = comparedFigures.map((figure) => {
    // Coloured only where the change is shown not to be chance.
    const { copies } = run;
    const kind = !copies || (copies.low <= 0 && copies.high >= 0) ? '' : copies.high < 0 ? 'better' : 'worse';
    const words = figure.heading === 'Copies' ? copiesInWords(run) : '';
    const change = words === '' ? null : html`<span class="change ${kind}">${words}</span>`;
    return html`<td role="cell" data-label="${figure.heading}">${changeInWords(run, figure)}${change}</td>`;
  });
  return html`<tr role="row"><th role="rowheader" scope="row">${visible(run.name)}</th>${cells}</tr>
`;
}
