import type { BaseStatistics } from '../../common/judgement.js';
import { formatCount, formatPercent, formatPoints } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

/** How many outputs are titles that the base model was trained on; null for a model that does not descend from it. */
export function baseTitles(figures: ReportFigures): Html | null {
  const { base, rules } = figures;
  if (base === undefined) return null;
  const { outputs, heldOut, excess } = base;
  return html`<section aria-labelledby="base-titles">
<h2 id="base-titles">Titles that the base model knows</h2>
<p>${rules.baseReason}</p>
<div class="scroll" role="region" aria-label="Titles of the base model in numbers" tabindex="0"><table class="numbers">
<thead><tr><td></td><th scope="col">texts</th><th scope="col">among its titles</th><th scope="col">95% interval</th></tr></thead>
<tbody>
${[row('Outputs', outputs), row('Held-out titles', heldOut)]}
</tbody></table></div>
<p>The difference is <strong>${formatPoints(excess.share)}</strong> percentage points
(95% interval ${formatPoints(excess.low)} to ${formatPoints(excess.high)}): ${meaningOf(base)}.</p>
<p>${becameOf(figures, base)}</p>
${heldOut.count > 0 ? seenBefore(heldOut.count) : null}
</section>`;
}

function row(name: string, { total, count, share, low, high }: BaseStatistics['outputs']): Html {
  return html`<tr><th scope="row">${name}</th><td>${formatCount(total)}</td>
<td>${formatPercent(share)} (${formatCount(count)})</td><td>${formatPercent(low)} to ${formatPercent(high)}</td></tr>`;
}

function meaningOf({ outputs, heldOut, excess }: BaseStatistics): string {
  if (outputs.count === 0 && heldOut.count === 0) return 'no text is worded like one of these';
  if (excess.low > 0) {
    return 'more of the outputs than of real titles are worded like one of these, beyond chance; the model repeats some of them';
  }
  return excess.high < 0
    ? 'fewer of the outputs than of real titles are worded like one of these, beyond chance'
    : 'chance may explain it, as some titles are written again and again';
}

/** What became of the outputs that stand among the base model's titles. */
function becameOf({ verdicts, rules }: ReportFigures, { outputs }: BaseStatistics): string {
  const verdict =
    'The verdict at the top is about this run’s own titles; copies of the base model’s titles alone do not enter it.';
  if (rules.baseCopies === 'kept')
    return `Such outputs are kept, unless refused for another reason. ${verdict}`;
  const refused = verdicts.rejected.find(({ name }) => name === 'base copy')?.count ?? 0;
  const others = outputs.count - refused;
  const which = others === 1 ? 'The other is' : `The other ${formatCount(others)} are`;
  const elsewhere =
    others > 0
      ? ` ${which} refused for a reason that is tried first, such as being a copy of a title of this run.`
      : '';
  const are = refused === 1 ? '1 output is' : `${formatCount(refused)} outputs are`;
  return `${are} refused as base copies.${elsewhere} ${verdict}`;
}

function seenBefore(count: number): Html {
  const titles = count === 1 ? '1 held-out title is' : `${formatCount(count)} held-out titles are`;
  return html`<p>${titles} not new to the base model, which was trained on the same words: held-out losses say a little less
about titles that no one has written yet.</p>`;
}
