import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  pluralize,
} from '../../common/number-formats.js';
import { trainingRemedy } from '../../common/stage-counts.js';
import { type Html, html } from '../../web/html.js';
import { copiesCurveChart } from '../charts/copies-curve.js';
import { lossesInBits, trainingCurveChart } from '../charts/training-curve.js';
import type { ReportFigures, SampledCopies } from '../report-figures.js';

/** Losses over training; null if the model was not trained in this run. */
export function training(figures: ReportFigures): Html | null {
  const { curve, training: result } = figures;
  if (curve.loss.length + curve.validation.length === 0) return null;
  return html`<section aria-labelledby="training">
<h2 id="training">How it learned</h2>
<p>The loss is how much each ${curve.tokensPerByte === null ? 'token' : 'byte'} of a title surprises the model, in bits: the lower, the better
it predicts titles. While both lines fall, the model learns what titles have in common;
<em>where the held-out line turns upwards, it begins to learn titles by heart.</em> On the logarithmic axis equal heights are
equal ratios.${withDropout(figures)}${cutsFiner(figures) ? ' The tokenizer was made of the training titles and cuts them into fewer tokens than others, so that they take fewer bits from the first step on.' : null}</p>
<figure>
<figcaption class="legend"><span class="key training">training titles</span>
<span class="key held-out">held-out titles</span> <span class="key gap">gap</span></figcaption>
${trainingCurveChart(curve, result?.bestStep)}
${
  curve.copies.length > 0
    ? html`<div class="legend below"><span class="key copies">copies among samples, 95% interval</span>
<span class="key band">held-out titles, 95% interval</span></div>
${copiesCurveChart(figures)}`
    : null
}
</figure>
${result ? inWords(result) : null}
${bestCheckpoint(figures)}
${curve.copies.length > 0 ? copiesAmongSamples(figures) : null}
${curve.validation.length > 0 ? table(curve) : null}
</section>`;
}

/** Dropout is at work while training titles are learned, and not where held-out ones are measured. */
function withDropout({ run }: ReportFigures): string | null {
  const share = run.settings.find(({ name }) => name === 'dropout')?.value ?? '0';
  if (Number(share) === 0) return null;
  return ` The training loss is measured with dropout (${share}), which raises it, often above the held-out loss, which is measured without.`;
}

/** Whether the tokenizer was made of the training titles, and held-out ones take clearly more tokens a byte. */
function cutsFiner({ run, curve: { tokensPerByte } }: ReportFigures): boolean {
  if (tokensPerByte === null || !['nano', 'scratch'].includes(run.model)) return false;
  return tokensPerByte.heldOut > 1.03 * tokensPerByte.training;
}

const stopped: Readonly<Record<string, string>> = {
  patience: ', stopped as the held-out loss no longer fell',
  copies: ', stopped as a sample held more copies than chance explains beside the held-out titles',
};

function inWords(result: NonNullable<ReportFigures['training']>): Html {
  const { steps, plannedSteps, epochs, bestStep, stopReason, earlier } = result;
  const before = earlier
    ? `, after ${pluralize(earlier.steps, 'step')} and ${earlier.epochs.toFixed(1)} passes of earlier trainings`
    : '';
  const { bestValidationLoss, initialValidationLoss, finalValidationLoss } = result;
  const planned =
    plannedSteps !== undefined && plannedSteps > steps ? ` of ${formatCount(plannedSteps)} planned` : '';
  const why = stopped[stopReason] ?? '';
  return html`<p>${pluralize(steps, 'step')}${planned}, ${epochs.toFixed(1)} passes over the training titles${before}${why}.
Perplexity on the held-out titles: ${formatPerplexity(initialValidationLoss)} before training,
${formatPerplexity(finalValidationLoss)} at the end, lowest${bestStep > 0 && bestValidationLoss > initialValidationLoss ? ' once it had begun' : null}${stopReason === 'copies' && bestStep < steps ? ' before that sample' : null}
${formatPerplexity(bestValidationLoss)} ${bestStep > 0 ? `after step ${formatCount(bestStep)}, whose weights were kept` : 'before it'}${bestStep > 0 && bestValidationLoss > initialValidationLoss ? ', which is worse than before training' : null}.</p>
${bestStep > 0 ? null : html`<p>${stopReason === 'copies' ? 'No step before that sample was better' : 'Training helped nothing'}, so the model is kept as it came: ${trainingRemedy}.</p>`}`;
}

/** What the last sample, and that of the step that was kept, show, with their intervals. */
function copiesAmongSamples({ curve, overfit, training: result }: ReportFigures): Html {
  const { count, share, low, high } = overfit.heldOut.copies;
  const last = curve.copies.at(-1)!;
  const kept = curve.copies.find(({ step }) => step === result?.bestStep);
  const usual = `Of the ${formatCount(overfit.heldOut.count)} held-out titles ${formatCount(count)} would be called so: ${formatPercent(share)} (${formatPercent(low)} to ${formatPercent(high)}).`;
  const hasIntervals = curve.copies.every((sample) => sample.texts !== null);
  return html`<p>Copies among the texts that the model wrote while it trained: ${sampleInWords(last)} after step ${formatCount(last.step)}, the
last sample${kept === undefined || kept === last ? null : html`; ${sampleInWords(kept)} after step ${formatCount(kept.step)}, which was kept`}.
${usual} ${
    hasIntervals
      ? 'A sample is small: its interval says which shares may stand behind it, and of many samples some lie high by chance.'
      : 'How many texts a sample had is not recorded, so that no interval can be given; such shares are rough.'
  }</p>`;
}

/** The sampled step that was best by held-out loss among those whose samples copied no more than held-out titles do. */
function bestCheckpoint({
  bestCheckpoint: best,
  curve,
  training: result,
  overfit,
}: ReportFigures): Html | null {
  if (best === null || best.copyShare > overfit.heldOut.copies.high) return null;
  const sample = curve.copies.find(({ step }) => step === best.step);
  const { heldOut, unit } = lossesInBits(curve);
  const loss = heldOut.findLast(({ step }) => step <= best.step);
  const kept = result?.bestStep === best.step ? ', whose weights were kept,' : '';
  const predicted =
    loss === undefined ? '' : ` predicted held-out titles best (${formatDecimal(loss.loss)} ${unit})`;
  const copied = sample === undefined ? formatPercent(best.copyShare) : sampleInWords(sample);
  return html`<p>Of the steps whose samples held no more copies than held-out titles do, step ${formatCount(best.step)}${kept}${predicted}; copies among its samples: ${copied}.</p>`;
}

function sampleInWords({ share, texts, low, high }: SampledCopies): string {
  if (texts === null || low === null || high === null) return formatPercent(share);
  return (
    `${formatCount(Math.round(share * texts))} of ${formatCount(texts)}, ${formatPercent(share)} ` +
    `(95% interval ${formatPercent(low)} to ${formatPercent(high)})`
  );
}

function table(curve: ReportFigures['curve']): Html {
  const { heldOut, unit } = lossesInBits(curve);
  const copiesAt = new Map(curve.copies.map((sample) => [sample.step, sample]));
  const nats = new Map(curve.validation.map(({ step, loss }) => [step, loss]));
  const withCopies = curve.copies.length > 0;
  return html`<details><summary>Held-out losses as a table</summary>
<div class="scroll" role="region" aria-label="Held-out losses" tabindex="0"><table class="numbers"><thead><tr><th scope="col">step</th><th scope="col">${unit}</th>
<th scope="col">perplexity</th>${withCopies ? html`<th scope="col">copies</th><th scope="col">95% interval</th>` : null}</tr></thead>
<tbody>${heldOut.map(
    ({ step, loss }) => html`<tr><th scope="row">${formatCount(step)}</th>
<td>${formatDecimal(loss)}</td><td>${formatPerplexity(nats.get(step)!)}</td>${withCopies ? sampleCells(copiesAt.get(step)) : null}</tr>`,
  )}</tbody></table></div></details>`;
}

function sampleCells(sample: SampledCopies | undefined): Html {
  if (sample === undefined) return html`<td></td><td></td>`;
  const { share, low, high } = sample;
  const interval = low === null || high === null ? '' : `${formatPercent(low)} to ${formatPercent(high)}`;
  return html`<td>${formatPercent(share)}</td><td>${interval}</td>`;
}
