import type { Pair, ReportFigures } from '../contract.js';
import { markDifferences } from '../differences.js';
import { type Html, html, titleText } from '../html.js';
import { decimal, plural } from '../words.js';

/** The closest pairs side by side: a table that the page's script makes sortable and searchable. */
export function closestPairs(figures: ReportFigures): Html {
  const { closest, closestHeldOut } = figures;
  if (closest.length === 0) {
    return html`<section aria-labelledby="pairs"><h2 id="pairs">The closest pairs</h2>
<p>No output shares anything with a training title.</p></section>`;
  }
  return html`<section aria-labelledby="pairs">
<h2 id="pairs">The closest pairs</h2>
<p>Outputs beside the training title most like them, closest first. Words only the output has are
<ins>underlined</ins>; words only the training title has are <del>struck</del>.</p>
<form class="controls" id="pairs-controls" hidden>
<label>Search <input type="search" id="pairs-search" autocomplete="off" spellcheck="false"></label>
<label>Show <select id="pairs-filter"><option value="">all</option>
${states(closest).map((state) => html`<option>${state}</option>`)}</select></label>
<output id="pairs-count" for="pairs-search pairs-filter">${plural(closest.length, 'pair')}</output>
</form>
${table(closest, 'pairs-table', 'Output', true)}
<p><button type="button" class="more-button" id="pairs-more" hidden>Show all</button></p>
</section>
${heldOutPairs(closestHeldOut)}`;
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

function stateOf(pair: Pair): string {
  return pair.reason ?? 'accepted';
}

/** The verdicts that occur, each once. */
function states(pairs: readonly Pair[]): string[] {
  return [...new Set(pairs.map(stateOf))].sort();
}

function row(pair: Pair, first: string, withVerdict: boolean): Html {
  const marked = markDifferences(pair.text, pair.matched ?? '');
  const kind = pair.reason === null ? 'kept' : 'refused';
  const verdict = html`<td role="cell" class="verdict" data-label="Verdict">
<span class="${kind}">${stateOf(pair)}</span></td>`;
  return html`<tr role="row" data-state="${stateOf(pair)}">
<td role="cell" class="rating" data-label="Rating" data-value="${pair.rating}">${decimal(pair.rating)}</td>
<td role="cell" data-label="${first}">${titleText(marked.first)}</td>
<td role="cell" data-label="Training title">${titleText(marked.second)}</td>
${withVerdict ? verdict : null}</tr>
`;
}
