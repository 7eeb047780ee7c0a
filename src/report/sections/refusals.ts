import { type RejectionReason, rejectionReasons } from '../../common/judgement.js';
import { formatCount, formatDecimal, formatPercent, pluralize } from '../../common/number-formats.js';
import { type Html, html, titleText } from '../../web/html.js';
import { groupOf, meaningOf } from '../refusal-meanings.js';
import type { Pair, ReportFigures } from '../report-figures.js';

/** What became of the outputs: how many were accepted, and how many refused for which reason. */
export function refusals(figures: ReportFigures): Html | null {
  const { verdicts, generation, rules } = figures;
  const { outputs } = generation;
  if (outputs === 0) return null;
  const refused = outputs - verdicts.accepted;
  const found = new Set(verdicts.rejected.map(({ name }) => name));
  const none = rejectionReasons.filter((reason) => !found.has(reason) && isLookedFor(reason, figures));
  // In the order in which they are tried, which puts copies first; those of a newer titlesmith last.
  const place = (name: string): number => (rejectionReasons as readonly string[]).indexOf(name) >>> 0;
  const kinds = [...verdicts.rejected].sort((a, b) => place(a.name) - place(b.name));
  return html`<section aria-labelledby="refusals">
<h2 id="refusals">What was refused</h2>
<p>${
    refused === 0
      ? html`All ${pluralize(outputs, 'output')} were accepted.`
      : html`${formatCount(refused)} of ${pluralize(outputs, 'output')}, ${formatPercent(refused / outputs)}. Each is refused for
the first reason that applies; near copies count from a rating of ${formatDecimal(rules.threshold)}.`
  }
${turnedAwayInWords(generation)}
${chosenInWords(generation)}</p>
<table class="kinds" role="table" aria-label="Outputs by what became of them"><thead role="rowgroup"><tr role="row">
<th role="columnheader" scope="col">Kind</th><th role="columnheader" scope="col">Outputs</th><th role="columnheader" scope="col">Share</th>
<td role="cell"></td><th role="columnheader" scope="col">Meaning</th></tr></thead>
<tbody role="rowgroup">
${kinds.map(({ name, count }) => row({ name, count, outputs, kind: groupOf(name), meaning: meaningOf(name) }))}
${row({ name: 'accepted', count: verdicts.accepted, outputs, kind: 'passed', meaning: 'new, as far as these rules can tell' })}
</tbody></table>
${none.length === 0 ? null : html`<p class="meaning">No output was refused as: ${none.join(', ')}.</p>`}
</section>`;
}

/** With --novel the model said other things first, which this table does not show. */
function turnedAwayInWords({ turnedAway }: ReportFigures['generation']): string | null {
  if (turnedAway === null) return null;
  const { titles, draws } = turnedAway;
  return (
    `With --novel ${pluralize(titles, 'output')} had been drawn again before, as what came was a copy (${pluralize(draws, 'draw')} ` +
    'turned away): the verdict counts what came first.'
  );
}

/** With --best-of the table shows what was chosen. */
function chosenInWords({ chosen }: ReportFigures['generation']): string | null {
  if (chosen === undefined) return null;
  const { titles, others } = chosen;
  return (
    `With --best-of ${pluralize(titles, 'output')} had been chosen among candidates, ${formatCount(others)} of them instead of the ` +
    'first: the verdict counts the first candidates.'
  );
}

/** Whether the rules of this run can refuse for a reason that no output has. */
function isLookedFor(reason: RejectionReason, { rules, canaries }: ReportFigures): boolean {
  if (reason === 'paraphrase') return rules.minimumCosine !== undefined;
  if (reason === 'canary') return canaries !== undefined;
  if (reason === 'base copy') return rules.baseCopies === 'refused';
  if (reason === 'partial copy' || reason === 'glued copy') return typeof rules.minimumRun === 'number';
  return reason !== 'accepted before';
}

interface Row {
  readonly name: string;
  readonly count: number;
  readonly outputs: number;
  readonly kind: string;
  readonly meaning: string;
}

function row({ name, count, outputs, kind, meaning }: Row): Html {
  const width = Math.round((1000 * count) / outputs) / 10;
  return html`<tr role="row" class="${kind}"><th role="rowheader" scope="row">${name}</th><td role="cell" class="number">${formatCount(count)}</td>
<td role="cell" class="number">${formatPercent(count / outputs)}</td>
<td role="cell" class="bar-cell"><svg class="part" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
<rect class="whole" width="100" height="6"/><rect width="${width}" height="6"/></svg></td>
<td role="cell" class="meaning">${meaning}</td></tr>
`;
}

/** Refused titles to read, by reason. */
export function refusedTitles({ rejectedSamples }: ReportFigures): Html | null {
  if (rejectedSamples.length === 0) return null;
  return html`<section aria-labelledby="rejected">
<h2 id="rejected">Refused titles</h2>
<p>Examples of each kind, closest first. All are in <code>rejected.csv</code>.</p>
${rejectedSamples.map(
  ({ reason, count, samples }) => html`<details class="reason"><summary><span class="name">${reason}</span>
<span class="number">${formatCount(count)}</span> <span class="meaning">${meaningOf(reason)}</span></summary>
<ul>${samples.map(sample)}</ul>
${count > samples.length ? html`<p class="more">Shown: ${pluralize(samples.length, 'different text')}.</p>` : null}</details>`,
)}
</section>`;
}

/** Reasons whose evidence says all: no other title is shown beside. */
const saidByEvidence: ReadonlySet<string> = new Set(['exact copy', 'held-out title', 'base copy']);

function sample({ text, matched, second, evidence, reason }: Pair): Html {
  if (text === '') return html`<li><span class="meaning">(empty)</span></li>`;
  const beside = reason !== null && saidByEvidence.has(reason) ? null : matched;
  return html`<li>${titleText(text)}
${
  evidence === null
    ? null
    : html`<span class="evidence">${evidence}${beside === null ? null : html`: ${titleText(beside)}`}
${second === null ? null : html` and ${titleText(second)}`}</span>`
}</li>`;
}
