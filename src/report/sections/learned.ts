import type { Estimate, LossFindings, Measure } from '../../common/judgement.js';
import { formatDecimal, formatDifference, formatPercent } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';
import { remembering } from '../verdict-explanation.js';

/** What the model has learned beside plain baselines, and whether it knows what it was shown; null if that was not measured. */
export function learned({ overfit }: ReportFigures): Html | null {
  if (overfit.losses === undefined) return null;
  const { bits, gains } = overfit.losses;
  return html`<section aria-labelledby="learned">
<h2 id="learned">What it has learned</h2>
<p>Bits that each takes for a byte of the held-out titles, which it never saw: the fewer, the better it predicts them. A model that
is no better than one of the baselines has learned too little.</p>
<div class="scroll" role="region" aria-label="Bits a byte" tabindex="0"><table class="numbers">
<thead><tr><td></td><th scope="col">bits a byte</th><th scope="col">the model is better by</th><th scope="col">95% interval</th></tr></thead>
<tbody>
<tr><th scope="row">The model</th><td>${formatDecimal(bits.model)}</td><td></td><td></td></tr>
${row('The model before training', bits.start, gains.start)}
${row('A table of which word parts follow one another (3-gram model of the training titles)', bits.trigram, gains.trigram)}
${row('A count of how often each word part occurs (unigram model)', bits.unigram, gains.unigram)}
</tbody></table></div>
<p>${knowing(overfit.losses, remembering(overfit))}</p>
</section>`;
}

function row(name: string, bits: number, gain: Estimate): Html {
  return html`<tr><th scope="row">${name}</th><td>${formatDecimal(bits)}</td><td>${formatDifference(gain.value)}</td>
<td>${formatDifference(gain.low)} to ${formatDifference(gain.high)}</td></tr>`;
}

function knowing({ toldApart, gap }: LossFindings, measure: Measure | undefined): string {
  const none = gap.low <= 0 && gap.high >= 0 ? ', which may be none' : '';
  const easier =
    `By the weights that were kept, training titles take ${formatDecimal(Math.abs(gap.value))} bits a byte ${gap.value < 0 ? 'more' : 'less'} than held-out ones ` +
    `(95% interval of the difference ${formatDifference(-gap.high)} to ${formatDifference(-gap.low)}${none}).`;
  if (toldApart === undefined || measure === undefined) return easier;
  return (
    `Of a training title and a held-out one, the training title became easier by more in ${formatPercent(toldApart.value)} of cases ` +
    `(95% interval ${formatPercent(toldApart.low)} to ${formatPercent(toldApart.high)}): ${inWords(toldApart.low, measure)}. ${easier}`
  );
}

function inWords(low: number, { difference, usual, isSignificant }: Measure): string {
  if (low <= 0.5) return 'it is not shown to remember the titles that it was shown better than others';
  if (difference.share <= 0)
    return 'it remembers the titles that it was shown as well as is usual after some passes';
  const chance = isSignificant ? 'chance does not explain' : 'chance may explain with so few held out';
  return `it remembers the titles that it was shown better than is usual (up to ${formatPercent(usual)}), which ${chance}`;
}
