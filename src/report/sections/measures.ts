import type { Measure, OverfitStatistics } from '../../common/judgement.js';
import {
  formatCount,
  formatDecimal,
  formatDifference,
  formatPercent,
  formatPoints,
} from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

/** What was measured, beside what a model would show that learned nothing by heart, and which of it is beyond chance; null with too few texts. */
export function measures(figures: ReportFigures): Html | null {
  const all = figures.overfit.measures;
  if (all.length === 0) return null;
  return html`<section aria-labelledby="measures">
<h2 id="measures">What was measured</h2>
<p>Each line asks whether there is more of something than with a model that learned no title by heart. What is expected of such a model
stands beside.</p>
<div class="scroll" role="region" aria-label="Measures in numbers" tabindex="0"><table class="numbers measures">
<thead><tr><td></td><th scope="col">measured</th><th scope="col">expected</th><th scope="col">difference</th>
<th scope="col">95% interval</th><th scope="col">p</th></tr></thead>
<tbody>
${all.map((measure) => row(measure, figures))}
</tbody></table></div>
<p>p is the chance that a model which learned nothing by heart shows so much or more, corrected for there being ${all.length} measures (Holm). Below
0.01, in bold, a line is beyond chance; near 1, nothing in it points to learning by heart. It asks in one direction alone, by a test of its own, so that it may
differ from what the interval suggests.</p>
${visibleExcess(figures.overfit)}
</section>`;
}

const names: Readonly<Record<Measure['name'], string>> = {
  'exact copies': 'Exact copies',
  copies: 'Copies of any kind',
  closeness: 'Closer to titles it was shown than to others',
  'unauthentic outputs': 'Outputs closer to a title than other titles are',
  'shared runs': 'Four words in a row of titles it was shown',
  'told apart': 'How well it remembers the titles it was shown',
};

/** What a line asks. */
function meaningOf({ name, usual }: Measure, { overfit, membership }: ReportFigures): string {
  const heldOut = formatCount(overfit.heldOut.count);
  const drawn = formatCount(membership?.heldOut ?? 0);
  const shown = membership
    ? formatPercent(membership.training / (membership.training + membership.heldOut))
    : '';
  switch (name) {
    case 'exact copies':
      return 'Outputs that are a training title, word for word. Expected: how often a title of this source says what another says.';
    case 'copies':
      return `Outputs that the rules call copies. Expected: how many of the ${heldOut} held-out titles they call so.`;
    case 'closeness':
      return (
        `Mean rating (0 to 1) with the closest of ${drawn} titles drawn from all, ${shown} of which it was shown. Expected: with the closest of ` +
        `the ${drawn} held out. Among so few titles even a copy seldom meets its own, so that all ratings are low.`
      );
    case 'unauthentic outputs':
      return `Outputs that are closer to one of these ${drawn} titles than any other title is to that one. Expected: of the ${drawn} held out.`;
    case 'shared runs':
      return `Runs of four words that an output shares with these ${drawn} titles; those that several titles have count less. Expected: with the ${drawn} held out.`;
    case 'told apart':
      return (
        'Of a title it was shown and one it was not, how often the first became easier by more. 50%: it remembers none; up to ' +
        `${formatPercent(usual)} is usual for a model that has learned something. Where few titles were held out (here ${heldOut}), chance may reach more.`
      );
  }
}

const isShare = (name: Measure['name']): boolean => name !== 'closeness' && name !== 'shared runs';

function row(measure: Measure, figures: ReportFigures): Html {
  const { name, observed, usual, difference, adjustedP, isSignificant } = measure;
  const shown = (value: number): string => (isShare(name) ? formatPercent(value) : formatDecimal(value));
  const signed = (value: number): string => (isShare(name) ? formatPoints(value) : formatDifference(value));
  const expected = name === 'told apart' ? `≤ ${shown(usual)}` : shown(usual);
  return html`<tr><th scope="row">${names[name]} <span class="meaning">${meaningOf(measure, figures)}</span></th><td>${shown(observed)}</td><td>${expected}</td>
<td>${signed(difference.share)}</td><td>${signed(difference.low)} to ${signed(difference.high)}</td>
<td>${isSignificant ? html`<strong>${chance(adjustedP)}</strong>` : chance(adjustedP)}</td></tr>`;
}

const chance = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** How large an excess of copies would have been seen, and how large it may be; nothing to say where copies were found. */
function visibleExcess({ measures: all, comparison, verdict }: OverfitStatistics): Html | null {
  if (verdict === 'overfits') return null;
  const [exact, any] = (['exact copies', 'copies'] as const).map((name) => {
    const excess = all.find((measure) => measure.name === name)?.detectable;
    return excess === undefined
      ? 'more than there can be'
      : `${formatPoints(excess).replace('+', '')} percentage points`;
  });
  const { upper } = comparison;
  const most = formatPoints(Math.max(0, upper)).replace('+', '');
  return html`<p>How sure is that? With 95% confidence copies are at most ${most} percentage points more frequent than among the held-out titles (one-sided;
the two-sided limits of the table are wider). To be called beyond chance nine times in ten, the excess would have to be ${exact} (exact copies) or ${any}
(of any kind).</p>`;
}
