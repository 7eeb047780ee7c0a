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
<p>Each line asks whether the outputs have more of something than those of a model that learned no title by heart. What such a model
would show stands under “expected”.</p>
<div class="scroll" role="region" aria-label="Measures in numbers" tabindex="0"><table class="numbers measures">
<thead><tr><td></td><th scope="col">outputs</th><th scope="col">expected</th><th scope="col">difference</th>
<th scope="col">95% interval</th><th scope="col">p</th></tr></thead>
<tbody>
${all.map((measure) => row(measure, figures))}
</tbody></table></div>
<p>p is the chance that a model which learned nothing by heart shows so much or more (one-sided, and raised for there being ${all.length}
measures: Holm’s correction). Below 0.01, in bold, a line is called beyond chance.</p>
${visibleExcess(figures.overfit)}
</section>`;
}

const names: Readonly<Record<Measure['name'], string>> = {
  'exact copies': 'Exact copies',
  copies: 'Copies of any kind',
  closeness: 'Closeness to the titles it was shown',
  'unauthentic outputs': 'Outputs closer to a title than other titles are',
  'shared runs': 'Rare wordings shared with titles it was shown',
  'told apart': 'Titles it was shown, told from others by loss',
};

/** What a line asks. */
function meaningOf(name: Measure['name'], { overfit: { heldOut }, membership }: ReportFigures): string {
  const drawn = formatCount(membership?.heldOut ?? 0);
  switch (name) {
    case 'exact copies':
      return 'Outputs that are a training title. Expected: as many as titles of this source said what another says, before duplicates were dropped.';
    case 'copies':
      return `Outputs that the rules call copies. Expected: what they call so of the ${formatCount(heldOut.count)} held-out titles.`;
    case 'closeness':
      return (
        `Mean rating (0 to 1) with the closest of ${drawn} titles drawn from all, shown or not. Expected: with the closest of the ${drawn} held out. ` +
        'So few titles are compared that even a copy seldom meets its own: ratings are low, and small differences count.'
      );
    case 'unauthentic outputs':
      return `Outputs closer to one of ${drawn} titles drawn from all than any other title is to that one. Expected: of the ${drawn} held out.`;
    case 'shared runs':
      return `Runs of four words shared with ${drawn} titles drawn from all, for each output; what several titles share counts less. Expected: with the ${drawn} held out.`;
    case 'told apart':
      return (
        'Of a title it was shown and one it was not, how often training made the first easier by more. 50% where nothing is known by heart; ' +
        'any model that has learned comes above. Up to 90% is taken as expected.'
      );
  }
}

const isShare = (name: Measure['name']): boolean => name !== 'closeness' && name !== 'shared runs';

function row(
  { name, observed, usual, difference, adjustedP, isSignificant }: Measure,
  figures: ReportFigures,
): Html {
  const shown = (value: number): string => (isShare(name) ? formatPercent(value) : formatDecimal(value));
  const signed = (value: number): string => (isShare(name) ? formatPoints(value) : formatDifference(value));
  const expected = name === 'told apart' ? `≤ ${shown(usual)}` : shown(usual);
  return html`<tr><th scope="row">${names[name]} <span class="meaning">${meaningOf(name, figures)}</span></th><td>${shown(observed)}</td><td>${expected}</td>
<td>${signed(difference.share)}</td><td>${signed(difference.low)} to ${signed(difference.high)}</td>
<td>${isSignificant ? html`<strong>${chance(adjustedP)}</strong>` : chance(adjustedP)}</td></tr>`;
}

const chance = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** How large an excess of copies would have been seen. */
function visibleExcess({ measures: all, comparison }: OverfitStatistics): Html {
  const [exact, any] = (['exact copies', 'copies'] as const).map((name) => {
    const excess = all.find((measure) => measure.name === name)?.detectable;
    return excess === undefined ? 'none' : `${formatPoints(excess).replace('+', '')} percentage points`;
  });
  const { upper } = comparison;
  const bound =
    upper <= 0
      ? 'are no more frequent'
      : `are at most ${formatPoints(upper).replace('+', '')} percentage points more frequent`;
  return html`<p>These tests are strict and may miss something: nine times in ten they call beyond chance an excess of ${exact} of exact copies, and
of ${any} of copies of any kind. What holds of less is a bound: with 95% confidence copies of any kind ${bound} than among the held-out titles.</p>`;
}
