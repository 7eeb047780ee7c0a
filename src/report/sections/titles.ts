import type { RejectionReason } from '../../common/judgement.js';
import { formatCount, formatDecimal, formatPercent, pluralize } from '../../common/number-formats.js';
import { type Html, html, titleText, visible } from '../../web/html.js';
import type { NamedCount, Pair, ReportFigures } from '../report-figures.js';

/** Accepted titles to read. */
export function acceptedTitles(figures: ReportFigures): Html {
  const { acceptedSample, verdicts } = figures;
  const total = pluralize(verdicts.accepted, 'accepted title');
  const all = acceptedSample.length === verdicts.accepted;
  const shown = all ? `All ${total}` : `${formatCount(acceptedSample.length)} of the ${total}, evenly taken`;
  return html`<section aria-labelledby="accepted">
<h2 id="accepted">Accepted titles</h2>
${
  acceptedSample.length === 0
    ? html`<p>No output was accepted.</p>`
    : html`<p>${shown}. The full list is in <code>accepted.txt</code>.</p>
<ul class="accepted">${acceptedSample.map(({ text }) => html`<li>${titleText(text)}</li>`)}</ul>`
}
</section>`;
}

const reasonMeanings: Readonly<Record<RejectionReason, string>> = {
  blank: 'nothing a reader could see',
  'broken text': 'a line break, a control character or bytes that are no text',
  'exact copy': 'a training title, white space apart',
  'near copy': 'rated at or above the threshold with a training title',
  'disguised copy': 'the same, with case, punctuation, accents and width set aside',
  'partial copy': 'nearly all of it is one run of words of a training title',
  'glued copy': 'nearly all of it is two runs of words, each of a training title',
  paraphrase: 'means what a training title means, in other words',
  'held-out title': 'a real title that the model was not shown, but not new either',
  canary: 'a copy of an invented title that was planted in training to see what is learned by heart',
  'base copy': 'a title that the base model was trained on, as far as letters and digits go',
  'accepted before': 'the same, or nearly, was accepted before',
  repeat: 'an earlier output said the same',
  'near repeat': 'rated at or above the threshold with an earlier output',
};

/** The meaning of a reason; undefined for one of a newer titlesmith. */
function meaningOf(reason: string): string | undefined {
  return Object.hasOwn(reasonMeanings, reason) ? reasonMeanings[reason as RejectionReason] : undefined;
}

/** Rejected titles by reason, with examples. */
export function rejectedTitles(figures: ReportFigures): Html {
  const { rejectedSamples, verdicts, generation, rules } = figures;
  if (rejectedSamples.length === 0) {
    return html`<section aria-labelledby="rejected"><h2 id="rejected">Refused titles</h2>
<p>Nothing was refused.</p></section>`;
  }
  const refused = generation.outputs - verdicts.accepted;
  return html`<section aria-labelledby="rejected">
<h2 id="rejected">Refused titles</h2>
<p>${pluralize(refused, 'output')} refused, ${formatPercent(refused / generation.outputs)} of all,
near copies from a rating of ${formatDecimal(rules.threshold)}. All are in <code>rejected.csv</code>.</p>
${rejectedSamples.map(
  ({
    reason,
    count: number,
    samples,
  }) => html`<details class="reason"><summary><span class="name">${reason}</span>
<span class="number">${formatCount(number)}</span> <span class="meaning">${meaningOf(reason)}</span></summary>
<ul>${samples.map(sample)}</ul>
${number > samples.length ? shownSamples(samples.length) : null}</details>`,
)}
</section>`;
}

function shownSamples(number: number): Html {
  return html`<p class="more">Shown: ${pluralize(number, 'different text')}.</p>`;
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

/** Numbers of posts, titles and outputs after each step. */
export function counts(figures: ReportFigures): Html {
  const { titles, generation, verdicts } = figures;
  const largest = Math.max(1, titles.extracted ?? 0, titles.kept ?? 0, titles.train ?? 0);
  const first = [
    ...countRow('Titles read from the source', titles.extracted, largest),
    ...titles.dropped.flatMap(({ name, count: number }) =>
      countRow(`dropped: ${name}`, number, largest, 'minor'),
    ),
    ...countRow('Left after cleaning', titles.kept, largest),
    ...countRow('Learned from', titles.train, largest),
    ...countRow('Held out', titles.validation, largest),
  ];
  const second = [
    ...countRow('Outputs', generation.outputs, generation.outputs),
    ...finished(generation.finished, generation.outputs),
    ...verdicts.rejected.flatMap(({ name, count: number }) =>
      countRow(`refused: ${name}`, number, generation.outputs, 'minor'),
    ),
    ...countRow('Accepted', verdicts.accepted, generation.outputs),
  ];
  return html`<section aria-labelledby="counts">
<h2 id="counts">Where the titles went</h2>
<div class="columns">${first.length === 0 ? null : countTable('In', first)}${countTable('Out', second)}</div>
</section>`;
}

const finishMeanings: Readonly<Record<string, string>> = {
  stop: 'ended by the model itself',
  length: 'cut at the length limit',
};

function finished(list: readonly NamedCount[], whole: number): Html[] {
  return list.flatMap(({ name, count: number }) =>
    countRow(finishMeanings[name] ?? name, number, whole, 'minor'),
  );
}

function countTable(name: string, rows: readonly Html[]): Html {
  return html`<table class="counts"><caption>${name}</caption><tbody>${rows}</tbody></table>`;
}

function countRow(name: string, value: number | null, whole: number, kind = 'major'): Html[] {
  if (value === null) return [];
  const width = whole === 0 ? 0 : Math.round((1000 * value) / whole) / 10;
  return [
    html`<tr class="${kind}"><th scope="row">${visible(name)}</th><td>${formatCount(value)}</td>
<td class="bar-cell" aria-hidden="true"><svg class="part" viewBox="0 0 100 6" preserveAspectRatio="none">
<rect width="${width}" height="6"/></svg></td></tr>`,
  ];
}
