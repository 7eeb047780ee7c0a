import { formatCount } from '../common/number-formats.js';
import { type Html, html, visible } from '../web/html.js';
import { renderServedPage } from '../web/html-page.js';
import { showFilters } from './review-messages.js';

interface ReviewPage {
  readonly runName: string;
  /** Reasons that occur, and `accepted`, with the number of their outputs. */
  readonly reasons: readonly { readonly name: string; readonly count: number }[];
  readonly hasReport: boolean;
}

/** The review's page without its outputs; its script (client/review.ts) requests them from the server. */
export function renderReviewPage({ runName, reasons, hasReport }: ReviewPage): string {
  const body = html`<main>
<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> review</p>
<h1><bdi>${visible(runName)}</bdi></h1>
<div class="standing">
<progress id="progress" aria-label="Outputs decided" value="0" max="1"></progress>
<p id="standing" role="status"></p>
</div>
<nav aria-label="Files">${hasReport ? html`<a href="report" target="_blank" rel="noopener">Report</a>` : null}
<span class="meaning">The kept titles:</span> <a href="export.txt" download>.txt</a>
<a href="export.csv" download>.csv</a> <a href="export.jsonl" download>.jsonl</a>
</nav>
</header>
<noscript><p class="notice">The review needs JavaScript.</p></noscript>
<form class="controls" id="controls" aria-label="Which outputs">
<label>Show <select id="show">
${showFilters.map((name) => html`<option value="${name}">${name}</option>`)}</select></label>
<label>Verdict <select id="reason"><option value="">any</option>${reasons.map(reasonOption)}</select></label>
<label>Search <input type="search" id="search" autocomplete="off" spellcheck="false"></label>
<output id="found" for="show reason search"></output>
</form>
<p id="trouble" class="notice trouble" role="alert" hidden></p>
<ol class="items" id="items" aria-label="Outputs"></ol>
<p id="end" class="meaning" hidden></p>
<details class="keys" id="keys"><summary>Keys</summary>
<dl>
${keys.map(([key, meaning]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}</dl></details>
</main>
<div class="actions" role="toolbar" aria-label="Decide on the marked output">
<button type="button" id="keep" class="keep" aria-keyshortcuts="k">Keep</button>
<button type="button" id="refuse" class="refuse" aria-keyshortcuts="r">Refuse</button>
<button type="button" id="undo" aria-keyshortcuts="u">Undo</button>
</div>`;
  return renderServedPage({
    title: `Review ${runName}`,
    kind: 'review',
    styles: 'review.css',
    script: 'review.js',
    body,
  });
}

const keys = [
  ['k', 'keep the marked output, and go on'],
  ['r', 'refuse it, and go on'],
  ['u', 'take back the last decision of this window'],
  ['j', 'next output; the down arrow too'],
  ['i', 'output before; the up arrow too'],
  ['/', 'search'],
] as const;

function reasonOption({ name, count }: ReviewPage['reasons'][number]): Html {
  return html`<option value="${name}">${name} (${formatCount(count)})</option>`;
}
