import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  pluralize,
} from '../../common/number-formats.js';
import type { FinetuneCounts } from '../../common/stage-counts.js';
import type { BitsPerByte } from '../../common/title-losses.js';
import { type Html, html, visible } from '../../web/html.js';
import type { ReportFigures } from '../report-figures.js';
import { explainVerdict } from '../verdict-explanation.js';

/** The subject of the run, the verdict in words, and the key figures behind it. */
export function overview(figures: ReportFigures): Html {
  const { run, overfit } = figures;
  const { headline, meaning, advice } = explainVerdict(figures);
  const subject = run.subreddit === null ? visible(run.name) : `r/${visible(run.subreddit)}`;
  return html`<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> overfit report
<span aria-hidden="true">·</span> <bdi>${subject}</bdi></p>
<h1 class="${overfit.verdict}">${headline}</h1>
<p class="lead">${meaning}</p>
<h2 class="to-do">What to do</h2>
${adviceList(advice)}
</header>
${run.source.synthetic ? syntheticNotice() : null}
<section aria-label="Key figures"><dl class="figures">${keyFigures(figures)}</dl></section>`;
}

function adviceList(advice: readonly string[]): Html {
  if (advice.length === 1) return html`<p class="advice">${withOptions(advice[0]!)}</p>`;
  return html`<ul class="advice">${advice.map((sentence) => html`<li>${withOptions(sentence)}</li>`)}</ul>`;
}

/** A sentence whose options, such as `--steps 300`, are set as what one types, and kept on one line. */
function withOptions(sentence: string): Html {
  const parts = sentence.split(/(--[a-z][a-z-]*[a-z](?: [0-9](?:[0-9.]*[0-9])?)?)/);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

function syntheticNotice(): Html {
  return html`<aside class="notice"><strong>Synthetic data.</strong>
The posts behind this report are titlesmith’s bundled sample, made up by a generator. They show the whole way
without a key or a network; they say nothing about any real community.</aside>`;
}

function keyFigures(figures: ReportFigures): Html[] {
  const { overfit, verdicts, generation, training, titles } = figures;
  const accepted =
    generation.outputs === 0 ? '' : ` (${formatPercent(verdicts.accepted / generation.outputs)})`;
  const cards = [
    figure(
      'Accepted',
      formatCount(verdicts.accepted),
      `of ${formatCount(generation.outputs)} outputs${accepted}`,
    ),
    figure(
      'Copies',
      formatPercent(overfit.outputs.copies.share),
      `of outputs; 95% interval ${interval(overfit.outputs.copies)}. ` +
        `Held-out titles: ${formatPercent(overfit.heldOut.copies.share)}`,
    ),
  ];
  if (training) {
    const { epochs, steps } = training;
    const learned = titles.train === null ? 'the training titles' : pluralize(titles.train, 'title');
    cards.push(
      figure('Passes', epochs.toFixed(1), `over ${learned}, in ${pluralize(steps, 'step')}`),
      predictionFigure(training, overfit.losses?.bits),
    );
  } else if (titles.train !== null) {
    cards.push(
      figure('Training titles', formatCount(titles.train), 'every output is compared with each of them'),
    );
  }
  return cards;
}

/** How well the model foretells held-out titles: in bits a byte where that was measured, else as perplexity. */
function predictionFigure(
  { bestValidationLoss, initialValidationLoss }: FinetuneCounts,
  bits: BitsPerByte | undefined,
): Html {
  if (bits === undefined) {
    const before = formatPerplexity(initialValidationLoss);
    const meaning = `on held-out titles, lower is better; ${before} before training`;
    return figure('Perplexity', formatPerplexity(bestValidationLoss), meaning);
  }
  const before = formatDecimal(bits.start);
  return figure(
    'Bits a byte',
    formatDecimal(bits.model),
    `of held-out titles, lower is better; ${before} before training`,
  );
}

function figure(name: string, value: string, meaning: string): Html {
  return html`<div><dt>${name}</dt>
<dd><span class="value">${value}</span>
<span class="meaning">${meaning}</span></dd></div>`;
}

function interval({ low, high }: { low: number; high: number }): string {
  return `${formatPercent(low)} to ${formatPercent(high)}`;
}
