import { trainingCurve } from '../charts/training-curve.js';
import type { ReportFigures } from '../contract.js';
import { type Html, html } from '../html.js';
import { count, decimal, perplexity, plural } from '../words.js';

/** How the loss went. Nothing, where the model was not trained in this run. */
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
<span class="key held-out">held-out titles</span></figcaption>
${trainingCurve(curve.loss, curve.validation, result?.bestStep)}
</figure>
${result ? inWords(result) : null}
${curve.validation.length > 0 ? table(curve.validation) : null}
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
  return html`<p>${plural(steps, 'step')}, ${epochs.toFixed(1)} passes over the training titles${why}.
Held-out loss ${decimal(initialValidationLoss)} before training,
${decimal(finalValidationLoss)} at the end, best ${decimal(bestValidationLoss)}
(perplexity ${perplexity(bestValidationLoss)}) after step ${count(bestStep)}.</p>`;
}

function table(points: ReportFigures['curve']['validation']): Html {
  return html`<details><summary>Held-out losses as a table</summary>
<table class="numbers"><thead><tr><th scope="col">step</th><th scope="col">loss</th>
<th scope="col">perplexity</th></tr></thead>
<tbody>${points.map(
    ({ step, loss }) => html`<tr><th scope="row">${count(step)}</th>
<td>${loss.toFixed(3)}</td><td>${perplexity(loss)}</td></tr>`,
  )}</tbody></table></details>`;
}
