import {
  formatCount,
  formatDecimal,
  formatLoss,
  formatPercent,
  formatPerplexity,
  pluralize,
} from '../../common/number-formats.js';
import { trainingRemedy } from '../../common/stage-counts.js';
import { type Html, html } from '../../web/html.js';
import { trainingCurveChart } from '../charts/training-curve.js';
import type { ReportFigures } from '../report-figures.js';

/** Losses over training; null if the model was not trained in this run. */
export function training(figures: ReportFigures): Html | null {
  const { curve, training: result } = figures;
  if (curve.loss.length + curve.validation.length === 0) return null;
  return html`<section aria-labelledby="training">
<h2 id="training">How it learned</h2>
<p>The loss is the model’s surprise at each token of a title. While both lines fall, the model learns what
titles have in common;
<em>where the held-out line turns upwards, it begins to learn titles by heart.</em></p>
<figure>
<figcaption class="legend"><span class="key training">training titles</span>
<span class="key held-out">held-out titles</span>
${curve.copies.length > 0 ? html`<span class="key copies">copies among samples (right)</span>` : null}</figcaption>
${trainingCurveChart(curve, result?.bestStep)}
</figure>
${result ? inWords(result) : null}
${curve.copies.length > 0 ? copiesAmongSamples(figures) : null}
${curve.validation.length > 0 ? table(curve) : null}
</section>`;
}

function inWords(result: NonNullable<ReportFigures['training']>): Html {
  const {
    steps,
    epochs,
    bestStep,
    bestValidationLoss,
    initialValidationLoss,
    finalValidationLoss,
    stopReason,
  } = result;
  const why = stopReason === 'patience' ? ', stopped as the held-out loss no longer fell' : '';
  return html`<p>${pluralize(steps, 'step')}, ${epochs.toFixed(1)} passes over the training titles${why}.
Held-out loss ${formatDecimal(initialValidationLoss)} before training,
${formatDecimal(finalValidationLoss)} at the end, best ${formatDecimal(bestValidationLoss)}
(perplexity ${formatPerplexity(bestValidationLoss)}) ${bestStep > 0 ? `after step ${formatCount(bestStep)}` : 'before it'}.</p>
${bestStep > 0 ? null : html`<p>Training helped nothing, so the model is kept as it came: ${trainingRemedy}.</p>`}`;
}

/** How many copies the samples held at most, and at last. */
function copiesAmongSamples({ curve, overfit }: ReportFigures): Html {
  const most = curve.copies.reduce((best, point) => (point.share > best.share ? point : best));
  const last = curve.copies.at(-1)!;
  return html`<p>Of the samples taken while it trained, ${formatPercent(last.share)} were copies after step ${formatCount(last.step)}, the
last, and at most ${formatPercent(most.share)}, after step ${formatCount(most.step)}; of the held-out titles
${formatPercent(overfit.heldOut.copies.share)} would be called so. Samples are few, so that such shares are rough.</p>`;
}

function table({ validation, copies }: ReportFigures['curve']): Html {
  const shareAt = new Map(copies.map(({ step, share }) => [step, share]));
  const withCopies = copies.length > 0;
  return html`<details><summary>Held-out losses as a table</summary>
<table class="numbers"><thead><tr><th scope="col">step</th><th scope="col">loss</th>
<th scope="col">perplexity</th>${withCopies ? html`<th scope="col">copies</th>` : null}</tr></thead>
<tbody>${validation.map(({ step, loss }) => {
    const share = shareAt.get(step);
    const copied = html`<td>${share === undefined ? null : formatPercent(share)}</td>`;
    return html`<tr><th scope="row">${formatCount(step)}</th>
<td>${formatLoss(loss)}</td><td>${formatPerplexity(loss)}</td>${withCopies ? copied : null}</tr>`;
  })}</tbody></table></details>`;
}
