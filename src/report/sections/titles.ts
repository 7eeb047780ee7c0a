import { formatCount, pluralize } from '../../common/number-formats.js';
import { type Html, html, titleText, visible } from '../../web/html.js';
import type { NamedCount, ReportFigures } from '../report-figures.js';

/** Accepted titles to read. */
export function acceptedTitles(figures: ReportFigures): Html {
  const { acceptedSample, verdicts } = figures;
  const total = pluralize(verdicts.accepted, 'accepted title');
  const all = acceptedSample.length === verdicts.accepted;
  const shown = all
    ? verdicts.accepted === 1
      ? 'One title was accepted'
      : `All ${total}`
    : `${formatCount(acceptedSample.length)} of the ${total}, evenly taken`;
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
    ...countRow('Refused', generation.outputs - verdicts.accepted, generation.outputs, 'minor'),
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
