import { formatCount, formatDecimal, formatPercent } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import { ratingHistogram } from '../charts/rating-histogram.js';
import type { ReportFigures } from '../report-figures.js';

/** The distribution of closest ratings of outputs and held-out titles. */
export function ratings(figures: ReportFigures): Html {
  const { overfit, distribution, rules } = figures;
  const { outputs, heldOut } = overfit;
  return html`<section aria-labelledby="ratings">
<h2 id="ratings">How close the outputs come</h2>
<p>Each output is rated with every training title; the best rating counts. It is the share of neighbouring
letter pairs that two titles have in common, with or without case, punctuation and accents, whichever is higher: 0 is
nothing, 1 is all. Titles resemble each other anyway, so the
titles held out of training are rated the same way.
<em>A model that recites piles up at the right.</em> Bars somewhat to the right of the outline are no sign of that: models
write more usual titles than people do.</p>
<figure>
<figcaption class="legend"><span class="key outputs">outputs (${formatCount(outputs.count)})</span>
<span class="key held-out">held-out titles (${formatCount(heldOut.count)})</span></figcaption>
${ratingHistogram({ bins: distribution, outputs, heldOut, threshold: rules.threshold })}
</figure>
<div class="scroll" role="region" aria-label="Ratings in numbers" tabindex="0"><table class="numbers">
<thead><tr><td></td><th scope="col">median</th><th scope="col">90th percentile</th>
<th scope="col">highest</th><th scope="col">copies</th><th scope="col">95% interval</th></tr></thead>
<tbody>
${[row('Outputs', outputs), row('Held-out titles', heldOut)]}
</tbody></table></div>
<p>${rules.thresholdReason} ${rules.runReason} ${rules.meaningReason ?? null}</p>
<details><summary>The distribution as a table</summary>
<table class="numbers"><thead><tr><th scope="col">rating</th><th scope="col">outputs</th>
<th scope="col">held-out titles</th></tr></thead>
<tbody>${distribution.map(
    (bin) =>
      html`<tr><th scope="row">${formatDecimal(bin.from)}–${formatDecimal(bin.to)}</th><td>${formatCount(bin.outputs)}</td>
<td>${formatCount(bin.heldOut)}</td></tr>`,
  )}</tbody></table></details>
</section>`;
}

function row(name: string, summary: ReportFigures['overfit']['outputs']): Html {
  const { median, ninetiethPercentile, highest, copies } = summary;
  return html`<tr><th scope="row">${name}</th><td>${formatDecimal(median)}</td>
<td>${formatDecimal(ninetiethPercentile)}</td><td>${formatDecimal(highest)}</td>
<td>${formatPercent(copies.share)} (${formatCount(copies.count)})</td>
<td>${formatPercent(copies.low)} to ${formatPercent(copies.high)}</td></tr>`;
}
