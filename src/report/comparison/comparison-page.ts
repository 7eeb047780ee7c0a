import { formatCount } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import { renderSelfContainedPage } from '../../web/html-page.js';
import { heldOutCurves, whyNotTogether } from '../charts/held-out-curves.js';
import { pairedDifferences } from '../sections/paired-differences.js';
import { verdictWords } from '../verdict-words.js';
import { type ComparedRun, type Comparison, titleEnd } from './comparison.js';

/** Whether a page is one of ours that compares runs. */
export const isComparison = (page: string): boolean => page.slice(0, 20_000).includes(`${titleEnd}</title>`);

/**
 * Runs side by side on one page: verdicts, held-out losses in one chart, figures and differing options in tables, titles. The
 * same comparison always gives the same bytes.
 * @param styles bundled from ../client/comparison.css.
 */
export function renderComparison(comparison: Comparison, styles: string): string {
  const { runs } = comparison;
  return renderSelfContainedPage({
    title: `${runs.length} runs${titleEnd}`,
    styles,
    body: [
      overview(comparison),
      curves(comparison),
      pairedDifferences(comparison.differences),
      table('figures', 'Figures', comparison.figures, runs),
      table('options', 'Options in which they differ', comparison.options, runs),
      titles(runs),
      html`<p class="colophon">What a model is said to do is the verdict of its report, which gives the evidence. Made by titlesmith
${visible(comparison.titlesmithVersion)}.</p>`,
    ],
  });
}

function overview({ runs, notes }: Comparison): Html {
  return html`<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> comparison</p>
<h1>${formatCount(runs.length)} runs side by side</h1>
${notes.map((note) => html`<p class="lead">${note}</p>`)}
</header>
<section aria-label="Verdicts"><dl class="figures">
${runs.map(
  ({ name, verdict }) => html`<div><dt><bdi>${visible(name)}</bdi></dt>
<dd><span class="state ${verdict ?? 'waiting'}">${verdict ? verdictWords[verdict] : 'no report yet'}</span></dd></div>
`,
)}</dl></section>`;
}

/** Losses that cannot be compared are not drawn over each other. */
function curves({ runs, sameTokens }: Comparison): Html | null {
  const fault = whyNotTogether(runs, sameTokens);
  if (fault !== undefined)
    return html`<section aria-labelledby="curves"><h2 id="curves">How well they predict titles held out</h2>
<p>Not drawn: ${fault}.</p></section>`;
  const drawn = heldOutCurves(runs);
  if (!drawn) return null;
  return html`<section aria-labelledby="curves"><h2 id="curves">How well they predict titles held out</h2>
${drawn}
<p class="meaning">Lower is better. A dot: the weights that were kept, where the loss was lowest of those measured: that flatters a run which was
measured more often. A step is as many titles as its run's batch holds.</p>
</section>`;
}

function table(
  id: string,
  heading: string,
  rows: readonly (readonly [label: string, values: readonly (string | null)[]])[],
  runs: readonly ComparedRun[],
): Html | null {
  if (rows.length === 0) return null;
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
<div class="scroll" role="region" aria-label="${heading}, a table" tabindex="0"><table class="compared">
<thead><tr><td></td>${runs.map(({ name }) => html`<th scope="col"><bdi>${visible(name)}</bdi></th>`)}</tr></thead>
<tbody>
${rows.map(
  ([label, values]) =>
    html`<tr><th scope="row">${label}</th>${values.map((value) => html`<td>${value === null ? '–' : visible(value)}</td>`)}</tr>
`,
)}</tbody>
</table></div>
</section>`;
}

function titles(runs: readonly ComparedRun[]): Html | null {
  const own = runs.filter(({ accepted }) => accepted.length > 0);
  if (own.length === 0) return null;
  return html`<section aria-labelledby="titles">
<h2 id="titles">Accepted titles, the first of each</h2>
<div class="titles-of">
${own.map(
  ({ name, accepted }) => html`<div><h3><bdi>${visible(name)}</bdi></h3>
<ol>${accepted.map((title) => html`<li><bdi>${visible(title)}</bdi></li>`)}</ol></div>
`,
)}</div>
</section>`;
}
