import type { Measure } from '../../common/judgement.js';
import {
  formatCount,
  formatDecimal,
  formatDifference,
  formatPercent,
  formatPoints,
} from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

/** What was measured, beside what is usual, and which of it is beyond chance; null with too few texts. */
export function measures({ overfit, membership }: ReportFigures): Html | null {
  if (overfit.measures.length === 0) return null;
  const losses = overfit.measures.some(({ name }) => name === 'told apart');
  return html`<section aria-labelledby="measures">
<h2 id="measures">What was measured</h2>
<p>Each line compares the outputs with what a model would show that learned no title by heart. Copies are compared with real
titles: exact ones with how often titles of this source repeat each other, those of any kind with the titles held out of training.
${membership ? owing(membership) : null} ${losses ? toldApart : null}</p>
<div class="scroll" role="region" aria-label="Measures in numbers" tabindex="0"><table class="numbers">
<thead><tr><td></td><th scope="col">outputs</th><th scope="col">usual</th><th scope="col">difference</th>
<th scope="col">95% interval</th><th scope="col">p</th></tr></thead>
<tbody>
${overfit.measures.map(row)}
</tbody></table></div>
<p>p is the chance of so large a difference where there is none, corrected for there being ${overfit.measures.length} measures
(Holm); below 0.01, in bold, a difference is called beyond chance. ${visibleExcess(overfit.measures)}</p>
</section>`;
}

function owing({ heldOut, training }: NonNullable<ReportFigures['membership']>): Html {
  return html`The three after these ask whether the outputs owe more to titles that the model was shown (${formatCount(training)} of them)
than to the ${formatCount(heldOut)} it was not: titles were held out at random, so a model that knows none by heart cannot tell which,
and comes as close to the ones as to the others.`;
}

const toldApart = html`The last is how often, of a training title and a held-out one, training made the training title easier by more: half of
the time for a model that knows none by heart. Every model that has learned its titles does better; nine times in ten is
called too well.`;

const names: Readonly<Record<Measure['name'], string>> = {
  'exact copies': 'Exact copies',
  copies: 'Copies of any kind',
  closeness: 'Rating of the closest title',
  'unauthentic outputs': 'Closer to a title than other titles are',
  'shared runs': 'Rare runs of four words shared',
  'told apart': 'Titles told apart from held-out ones by their loss',
};

const isShare = (name: Measure['name']): boolean => name !== 'closeness' && name !== 'shared runs';

function row({ name, observed, usual, difference, adjustedP, isSignificant }: Measure): Html {
  const shown = (value: number): string => (isShare(name) ? formatPercent(value) : formatDecimal(value));
  const signed = (value: number): string => (isShare(name) ? formatPoints(value) : formatDifference(value));
  return html`<tr><th scope="row">${names[name]}</th><td>${shown(observed)}</td><td>${shown(usual)}</td>
<td>${signed(difference.share)}</td><td>${signed(difference.low)} to ${signed(difference.high)}</td>
<td>${isSignificant ? html`<strong>${chance(adjustedP)}</strong>` : chance(adjustedP)}</td></tr>`;
}

const chance = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** How large an excess of copies would have been seen. */
function visibleExcess(all: readonly Measure[]): string {
  const [exact, any] = (['exact copies', 'copies'] as const).map((name) => {
    const excess = all.find((measure) => measure.name === name)?.detectable;
    return excess === undefined
      ? 'no excess'
      : `an excess of ${formatPoints(excess).replace('+', '')} percentage points`;
  });
  return `With a chance of 90% ${exact} of exact copies would have been seen, and ${any} of copies of any kind.`;
}
