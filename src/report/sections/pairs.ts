import { formatCount, formatDecimal, pluralize } from '../../common/number-formats.js';
import { type Html, html, titleText } from '../../web/html.js';
import { markDifferences } from '../differences.js';
import { pairData } from '../pair-data.js';
import type { Cluster, Pair, ReportFigures } from '../report-figures.js';

/** Rows of the static page, for readers without JavaScript and for printing. */
const rowsWithoutScript = { copies: 5, ofEachVerdict: 6 };

/**
 * All outputs next to the closest titles: a table that the page's script makes sortable and searchable, page by page. The static
 * page has the closest of each verdict; the script replaces them by the first page of all.
 */
export function allPairs(figures: ReportFigures): Html {
  const { pairs, pairsLeftOut, closestHeldOut } = figures;
  if (pairs.length === 0) {
    return html`<section aria-labelledby="pairs"><h2 id="pairs">Outputs and titles, side by side</h2>
<p>There are no outputs.</p></section>`;
  }
  const shown = closestOfEach(pairs);
  const all = shown.length === pairs.length;
  const few = all
    ? null
    : html`<p id="pairs-few">Shown: the closest ${formatCount(shown.length)} of ${pluralize(pairs.length, 'output')}.</p>`;
  const leftOut = html`<p>${pluralize(pairsLeftOut, 'output')} with lower ratings did not fit this page; all are in
<code>accepted.txt</code> and <code>rejected.csv</code>.</p>`;
  return html`<section aria-labelledby="pairs">
<h2 id="pairs">Outputs and titles, side by side</h2>
<p>Every output beside the training title most like it (a repeat beside the earlier output), closest first. Words only
the output has are <ins>underlined</ins>; words only the other has are <del>struck</del>.</p>
<form class="controls" id="pairs-controls" hidden>
<label>Search <input type="search" id="pairs-search" autocomplete="off" spellcheck="false"></label>
<label>Show <select id="pairs-filter"><option value="">all</option></select></label>
<output id="pairs-count" for="pairs-search pairs-filter"></output>
</form>
${table(shown, 'pairs-table', 'Output', true)}
${few}
<nav class="pager" id="pairs-pager" aria-label="Pages of the table" hidden>
<button type="button" id="pairs-previous">Previous</button>
<output id="pairs-page"></output>
<button type="button" id="pairs-next">Next</button>
</nav>
${pairsLeftOut > 0 ? leftOut : null}
<script type="application/json" id="pairs-data">${pairData(pairs)}</script>
</section>
${heldOutPairs(closestHeldOut)}`;
}

/**
 * The closest pairs of each verdict, so that neither many copies nor many accepted titles hide the others; only a few
 * rated 1, which show no difference.
 */
function closestOfEach(pairs: readonly Pair[]): Pair[] {
  const shown = new Map<string, number>();
  let equal = 0;
  return pairs.filter(({ rating, reason }) => {
    if (rating === 1 && ++equal > rowsWithoutScript.copies) return false;
    const before = shown.get(reason ?? '') ?? 0;
    shown.set(reason ?? '', before + 1);
    return before < rowsWithoutScript.ofEachVerdict;
  });
}

function heldOutPairs(pairs: readonly Pair[]): Html | null {
  if (pairs.length === 0) return null;
  return html`<section aria-labelledby="held-out-pairs">
<h2 id="held-out-pairs">How close held-out titles come</h2>
<p>For comparison: the held-out titles most like a training title. The model never saw the left side.</p>
${table(pairs, 'held-out-table', 'Held-out title', false)}
</section>`;
}

function table(pairs: readonly Pair[], id: string, first: string, withVerdict: boolean): Html {
  // Explicit roles: on a phone the style sheet lays rows out as cards, which would take its roles away.
  return html`<table class="pairs" id="${id}" role="table" aria-label="${first}s and training titles">
<thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col" aria-sort="descending" data-kind="number">Rating</th>
<th role="columnheader" scope="col">${first}</th><th role="columnheader" scope="col">Training title</th>
${withVerdict ? html`<th role="columnheader" scope="col">Verdict</th>` : null}</tr></thead>
<tbody role="rowgroup">
${pairs.map((pair) => row(pair, first, withVerdict))}
</tbody></table>`;
}

function row(pair: Pair, first: string, withVerdict: boolean): Html {
  const marked = markDifferences(pair.text, pair.matched ?? '');
  const kind = pair.reason === null ? 'kept' : 'refused';
  const verdict = html`<td role="cell" class="verdict" data-label="Verdict">
<span class="${kind}">${pair.reason ?? 'accepted'}</span>${pair.evidence === null ? null : html`<span class="evidence">${pair.evidence}</span>`}</td>`;
  const second =
    pair.second === null ? null : html` <span class="joint">and</span> ${titleText(pair.second)}`;
  return html`<tr role="row">
<td role="cell" class="rating" data-label="Rating">${formatDecimal(pair.rating)}</td>
<td role="cell" data-label="${first}">${titleText(marked.first)}</td>
<td role="cell" data-label="Training title">${titleText(marked.second)}${second}</td>
${withVerdict ? verdict : null}</tr>
`;
}

/** Texts that the model generates repeatedly: training titles it recites, and outputs it repeats. */
export function clusters(figures: ReportFigures): Html | null {
  const { mostCopied, repeats } = figures;
  if (mostCopied.length + repeats.length === 0) return null;
  return html`<section aria-labelledby="clusters">
<h2 id="clusters">Said again and again</h2>
<div class="columns">
${clusterList('Training titles copied more than once', mostCopied)}
${clusterList('Outputs said more than once', repeats)}
</div>
</section>`;
}

function clusterList(name: string, shown: readonly Cluster[]): Html | null {
  if (shown.length === 0) return null;
  return html`<div><h3>${name}</h3><ol class="clusters">${shown.map(clusterItem)}</ol></div>`;
}

function clusterItem({ text, count: times, variants }: Cluster): Html {
  return html`<li><span class="times">${formatCount(times)}\u00d7</span>
<div>${titleText(text)}${variants.map((variant) => html`<span class="evidence">${titleText(variant)}</span>`)}</div></li>`;
}
