import type { CanaryFindings, CanaryGroup } from '../../common/canaries.js';
import type { Share } from '../../common/judgement.js';
import { formatCount, formatDecimal, formatPercent, pluralize } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

/** The most of the texts that were not planted which count as known, or as traced. */
const chanceLevel = 0.01;

/** How many of the invented titles that were planted the model knows by heart; null where none were. */
export function canaries({ canaries: found }: ReportFigures): Html | null {
  if (found === undefined) return null;
  const planted = found.groups.reduce((sum, { total }) => sum + total, 0);
  return html`<section aria-labelledby="canaries">
<h2 id="canaries">Canaries: what it knows by heart</h2>
<p>${pluralize(planted, 'invented title')} stood among those to train on, made of words of the titles in an order that means nothing;
${formatCount(found.references)} more, made in the same way, did not. One is known by heart where the model recites it: once its first
half is given, each token of the rest is likelier than all others together. It has left a trace where it is predicted better, for
what its words let expect, than 99% of those that were not planted: that takes much less. Of canaries that were not planted, at
most 1% would count as either.</p>
<div class="scroll" role="region" aria-label="Canaries in numbers" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">Shown in each pass</th><th scope="col">canaries</th><th scope="col">known by heart</th>
<th scope="col">95% interval</th><th scope="col">exposure, median bits</th><th scope="col">left a trace</th>
<th scope="col">95% interval</th></tr></thead>
<tbody>
${found.groups.map(row)}
</tbody></table></div>
<p>${meaningOf(found)} Exposure is by the token of the second half that the model finds hardest: of those that were not planted, 1 in 2 to
the power of so many bits have an easier one than half of these.</p>
</section>`;
}

function row({ repeats, total, known, exposure, traced }: CanaryGroup): Html {
  return html`<tr><th scope="row">${times(repeats)}</th><td>${formatCount(total)}</td><td>${counted(known)}</td>
<td>${interval(known)}</td><td>${formatDecimal(exposure)}</td><td>${counted(traced)}</td><td>${interval(traced)}</td></tr>`;
}

const times = (repeats: number): string => (repeats === 1 ? 'once' : `${formatCount(repeats)} times`);
const counted = ({ share, count }: Share): string => `${formatPercent(share)} (${formatCount(count)})`;
const interval = ({ low, high }: Share): string => `${formatPercent(low)} to ${formatPercent(high)}`;

/** What the canaries that a pass showed the fewest times say of titles, each of which it shows once. */
function meaningOf({ groups, passes }: CanaryFindings): string {
  if (passes === 0)
    return 'The model that was kept is the one that training began with: it has seen none of them.';
  const { repeats, known, traced } = groups[0]!;
  const found =
    `The model that was kept has made ${formatDecimal(passes)} passes over the titles. Of the canaries that each showed ` +
    `${times(repeats)} it knows ${formatPercent(known.share)} by heart (95% interval ${interval(known)})`;
  const shownAs = repeats === 1 ? 'texts by heart that it is shown as often as the titles' : 'these by heart';
  const rest = repeats === 1 ? '' : ' No canary was shown as seldom as the titles are.';
  const learns =
    known.low > chanceLevel
      ? `more than chance explains: it learns ${shownAs}`
      : `which chance may explain: it is not shown to learn ${shownAs}`;
  const leaves =
    traced.low > chanceLevel
      ? ' Training left a trace of more of them than chance explains: whoever has the model may tell that such a text was shown.'
      : '';
  return `${found}, ${learns}.${leaves}${rest}`;
}
