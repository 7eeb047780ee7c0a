import { formatCount, formatDecimal } from '../common/number-formats.js';
import { type Html, html, visible } from '../web/html.js';
import { renderServedPage } from '../web/html-page.js';
import { reviewKeys } from './review-keys.js';
import { type ItemQuery, itemOrders, showFilters } from './review-messages.js';

interface ReviewPage {
  readonly runName: string;
  /** Reasons that occur, and `accepted`, with the number of their outputs. */
  readonly reasons: readonly { readonly name: string; readonly count: number }[];
  /** Rating from which a text counts as a near copy. */
  readonly threshold: number;
  readonly hasReport: boolean;
}

const showNames: Readonly<Record<ItemQuery['show'], string>> = {
  open: 'not seen yet',
  seen: 'seen only',
  decided: 'decided by you',
  kept: 'kept',
  refused: 'refused',
  all: 'all',
  impossible: 'cannot be kept',
};

const orderNames: Readonly<Record<ItemQuery['order'], string>> = {
  doubt: 'in doubt first',
  closeness: 'closest first',
  index: 'as generated',
};

/** The review's page without its outputs; its script (client/review.ts) requests them from the server. */
export function renderReviewPage({ runName, reasons, threshold, hasReport }: ReviewPage): string {
  const body = html`<main>
<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> review</p>
<h1><bdi>${visible(runName)}</bdi></h1>
<div class="standing">
<progress id="progress" aria-label="Outputs decided or seen" value="0" max="1"></progress>
<p id="standing"></p>
</div>
<nav aria-label="Files">${hasReport ? html`<a href="report" target="_blank" rel="noopener">Report</a>` : null}
<span class="meaning">The kept titles:</span> <a href="export.txt" download>.txt</a>
<a href="export.csv" download>.csv</a> <a href="export.jsonl" download>.jsonl</a>
</nav>
</header>
<noscript><p class="notice">The review needs JavaScript.</p></noscript>
<form class="controls" id="controls" aria-label="Which outputs">
<label>Show <select id="show">
${showFilters.map((name) => option(name, showNames[name]))}</select></label>
<label>Verdict <select id="reason"><option value="">any</option>${reasons.map(reasonOption)}</select></label>
<label>Order <select id="order">${itemOrders.map((name) => option(name, orderNames[name]))}</select></label>
<label>Search <input type="search" id="search" autocomplete="off" spellcheck="false"></label>
</form>
<div class="together" id="together" role="group" aria-label="All that the filters show">
<output id="found" for="show reason search"></output>
${button('keepAll', 'Keep all', 'keep')}
${button('refuseAll', 'Refuse all', 'refuse')}
${button('seeAll', 'All seen')}
</div>
<p class="meaning">The number before an output is its rating with the closest training title, from 0 to 1. From
${formatDecimal(threshold)} on it counts as a near copy; most in doubt are those nearest to ${formatDecimal(threshold)}.</p>
<p class="meaning" id="left-out" hidden><span></span> <button type="button" id="show-impossible">Show them</button></p>
<p id="trouble" class="notice trouble" role="alert" hidden></p>
<ol class="items" id="items" aria-label="Outputs"></ol>
<p id="end" class="meaning" hidden></p>
<div id="list-end"></div>
</main>
<footer class="actions">
<p id="said" role="status"></p>
<div role="toolbar" aria-label="Decide on the marked output">
${button('keep', 'Keep', 'keep')}
${button('refuse', 'Refuse', 'refuse')}
${button('seen', 'Seen')}
${button('undo', 'Undo')}
${button('help', 'Keys')}
</div>
</footer>
<dialog id="keys" aria-labelledby="keys-name">
<h2 id="keys-name">Keys</h2>
<dl>
${reviewKeys.map(({ keys: [key], meaning }) => html`<div><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}</dl>
<p><label><input type="checkbox" id="keys-on" checked> Keys work (the buttons always do)</label></p>
<form method="dialog"><button>Close</button></form>
</dialog>`;
  return renderServedPage({
    title: `Review ${runName}`,
    kind: 'review',
    styles: 'review.css',
    script: 'review.js',
    body,
  });
}

/** A button of an action, which shows its key. */
function button(action: (typeof reviewKeys)[number]['action'], name: string, kind = ''): Html {
  const key = reviewKeys.find((known) => known.action === action)!.keys[0];
  const shortcut = /[A-Z]/.test(key) ? `Shift+${key}` : key;
  return html`<button type="button" id="${action}" class="${kind}" aria-keyshortcuts="${shortcut}">${name}
<kbd aria-hidden="true">${key}</kbd></button>`;
}

function option(value: string, name: string): Html {
  return html`<option value="${value}">${name}</option>`;
}

function reasonOption({ name, count }: ReviewPage['reasons'][number]): Html {
  return option(name, `${name} (${formatCount(count)})`);
}
