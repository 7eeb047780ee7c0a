import { formatCount } from '../../common/number-formats.js';
import { type Html, html, titleText } from '../../web/html.js';
import type { Cluster, ReportFigures } from '../report-figures.js';

/** What the model says again and again: training titles it recites, and outputs it repeats. */
export function clusters(figures: ReportFigures): Html | null {
  const { mostCopied, repeats } = figures;
  if (mostCopied.length + repeats.length === 0) return null;
  return html`<section aria-labelledby="clusters">
<h2 id="clusters">Said again and again</h2>
<div class="columns">
${list('Training titles copied more than once', mostCopied)}
${list('Outputs said more than once', repeats)}
</div>
</section>`;
}

function list(name: string, shown: readonly Cluster[]): Html | null {
  if (shown.length === 0) return null;
  return html`<div><h3>${name}</h3><ol class="clusters">${shown.map(item)}</ol></div>`;
}

function item({ text, count: times, variants }: Cluster): Html {
  return html`<li><span class="times">${formatCount(times)}\u00d7</span>
<div>${titleText(text)}${variants.map((variant) => html`<span class="evidence">${titleText(variant)}</span>`)}</div></li>`;
}
