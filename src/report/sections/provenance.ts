import { formatCount } from '../../common/number-formats.js';
import { type Html, html, visible } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';

/** All that is needed to make the same titles again. */
export function provenance(figures: ReportFigures): Html {
  const { run, training } = figures;
  const parameters = training ? `, ${formatCount(training.parameters)} parameters` : '';
  return html`<section aria-labelledby="provenance">
<h2 id="provenance">How this was made</h2>
<dl class="provenance">
${fact('Run', run.name)}
${fact('Source', run.source.description)}
${fact('Model', `${run.model}${parameters}`)}
${fact('Seed', String(run.seed))}
${run.options.map(({ name, value }) => fact(name, value))}
</dl>
<p class="colophon">Made by titlesmith. The same figures for programs are in <code>report.json</code>.</p>
</section>`;
}

function fact(name: string, value: string): Html {
  return html`<div><dt>${visible(name)}</dt><dd><bdi>${visible(value)}</bdi></dd></div>`;
}
