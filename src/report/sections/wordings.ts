import type { Estimate, SharedWording, Wordings } from '../../common/judgement.js';
import { formatCount, formatPercent, pluralize } from '../../common/number-formats.js';
import { type Html, html, titleText } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

/** Which runs of words the outputs share with training titles, and how rare these are; null where that was not measured. */
export function sharedWordings({ wordings }: ReportFigures): Html | null {
  if (wordings === undefined) return null;
  const { novelty } = wordings;
  return html`<section aria-labelledby="wordings">
<h2 id="wordings">Wordings shared with training titles</h2>
<p>${rarerInWords(wordings)}</p>
${rarestTable(wordings)}
${
  novelty.length === 0
    ? null
    : html`<details><summary>New runs of words, by their length</summary>
<p>Of all runs of so many words, the share that stands in no training title. Sampling prefers what is usual, so that the outputs of a model
that knows no title by heart have fewer new ones than held-out titles, too: the difference alone shows no copying.</p>
<div class="scroll" role="region" aria-label="New runs of words" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">words</th><th scope="col">outputs</th><th scope="col">95% interval</th>
<th scope="col">held-out titles</th><th scope="col">95% interval</th></tr></thead>
<tbody>${novelty.map(
        ({ words, outputs, heldOut }) => html`<tr><th scope="row">${formatCount(words)}</th>
${estimate(outputs)}${estimate(heldOut)}</tr>`,
      )}</tbody></table></div></details>`
}
</section>`;
}

function estimate({ value, low, high }: Estimate): Html {
  const [from, to] = [Math.max(0, low), Math.min(1, high)].map(formatPercent);
  return html`<td>${formatPercent(value)}</td><td>${from} to ${to}</td>`;
}

function rarerInWords({ outputs, heldOut, rarer, rareBits }: Wordings): string {
  const share = (count: number, of: number): string => `${formatCount(count)} of ${formatCount(of)}`;
  return (
    `A run of words counts as rare by how unlikely it is that one word followed the other, not by its length: “what is the best” ` +
    `is not rare. ${share(rarer.outputs, outputs)} outputs share a wording with a training title that is rarer than those of 99 in 100 ` +
    `held-out titles (above ${rareBits.toFixed(0)} bits); of the held-out titles ${share(rarer.heldOut, heldOut)} do.`
  );
}

function rarestTable({ rarest, rareBits }: Wordings): Html | null {
  if (rarest.length === 0)
    return html`<p>No accepted output shares three words in a row with a training title.</p>`;
  const rare = rarest.filter(({ bits }) => bits > rareBits).length;
  const row = ({ wording, bits, titles, outputs }: SharedWording): Html => html`<tr>
<th scope="row">${titleText(wording)}</th><td>${bits > rareBits ? html`<strong>${bits.toFixed(0)}</strong>` : bits.toFixed(0)}</td>
<td>${formatCount(titles)}</td><td>${formatCount(outputs)}</td></tr>`;
  return html`<details><summary>The rarest wordings of accepted titles: ${pluralize(rare, 'rare one')}</summary>
<div class="scroll" role="region" aria-label="The rarest shared wordings" tabindex="0"><table class="numbers wordings">
<thead><tr><th scope="col">wording</th><th scope="col">bits</th><th scope="col">training titles</th><th scope="col">outputs</th></tr></thead>
<tbody>${rarest.map(row)}</tbody></table></div>
<p>Bits: 10 more are a thousand times less likely. In bold what is rarer than the wordings of 99 in 100 held-out titles.</p></details>`;
}
