import { rejectionReasons } from '../../common/judgement.js';
import { formatCount, formatPercent, pluralize } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import { groupOf, meaningOf } from '../refusal-meanings.js';
import type { BatchRecord } from './batch-record.js';

/** A kind of refusal, over all runs that were judged. */
interface Kind {
  readonly reason: string;
  readonly count: number;
  /** Runs with any, the one with the most first. */
  readonly runs: readonly { readonly name: string; readonly count: number; readonly generated: number }[];
}

/** Runs that are named of a kind. */
const mostNamed = 3;

/** Why outputs were refused, by kind, in plain words; null where no run has recorded it. */
export function batchRefusals({ runs }: BatchRecord): Html | null {
  const judged = runs.filter(({ refusals, figures }) => refusals && (figures?.generated ?? 0) > 0);
  if (judged.length === 0) return null;
  const generated = judged.reduce((sum, { figures }) => sum + (figures?.generated ?? 0), 0);
  const kinds = kindsOf(judged);
  const refused = kinds.reduce((sum, { count }) => sum + count, 0);
  const missing = runs.filter(({ figures, refusals }) => figures?.accepted != null && !refusals).length;
  return html`<section aria-labelledby="refusals">
<h2 id="refusals">What was refused</h2>
<p>${
    refused === 0
      ? html`Nothing: all ${pluralize(generated, 'output')} of ${pluralize(judged.length, 'run')} were accepted.`
      : html`${formatCount(refused)} of ${pluralize(generated, 'output')} of ${pluralize(judged.length, 'run')}, ${formatPercent(refused / generated)}, each
for the first reason that applies.`
  }
${missing === 0 ? null : html`Of ${pluralize(missing, 'run')} the kinds are not recorded: an earlier titlesmith ran them.`}</p>
${refused === 0 ? null : html`<ul class="kinds">${kinds.map((kind) => item(kind, generated, judged.length))}</ul>`}
</section>`;
}

function kindsOf(runs: BatchRecord['runs']): readonly Kind[] {
  const names = new Set(runs.flatMap(({ refusals }) => Object.keys(refusals ?? {})));
  const place = (reason: string): number => (rejectionReasons as readonly string[]).indexOf(reason) >>> 0;
  const kinds = [...names].map((reason): Kind => {
    const those = runs.flatMap(({ name, refusals, figures }) => {
      const count = refusals?.[reason] ?? 0;
      return count === 0 ? [] : [{ name, count, generated: figures?.generated ?? 0 }];
    });
    const sorted = those.sort((a, b) => b.count / b.generated - a.count / a.generated);
    return { reason, count: those.reduce((sum, { count }) => sum + count, 0), runs: sorted };
  });
  // In the order in which reasons are tried, those of a newer titlesmith last.
  return kinds.filter(({ count }) => count > 0).sort((a, b) => place(a.reason) - place(b.reason));
}

function item({ reason, count, runs }: Kind, generated: number, all: number): Html {
  const meaning = meaningOf(reason);
  const most = runs.slice(0, mostNamed).map(({ name, count: own, generated: of }) => {
    return `${name} ${formatCount(own)} of ${formatCount(of)}`;
  });
  const more = runs.length > mostNamed ? ', …' : '';
  const width = Math.round((1000 * count) / generated) / 10;
  return html`<li class="${groupOf(reason)}"><strong>${visible(reason)}</strong> ${formatCount(count)}, ${formatPercent(count / generated)}
<svg class="part" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="whole" width="100" height="6"/><rect width="${width}" height="6"/></svg>
${meaning === '' ? null : html`<span class="meaning">${meaning}</span>`}
<span class="evidence">in ${formatCount(runs.length)} of ${pluralize(all, 'run')}: ${visible(most.join(', '))}${more}</span></li>
`;
}
