import type { LossFindings } from '../../common/judgement.js';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPerplexity,
  pluralize,
} from '../../common/number-formats.js';
import type { FinetuneCounts } from '../../common/stage-counts.js';
import { type Html, html, visible } from '../../web/html.js';
import { adviceFor } from '../advice.js';
import type { ReportFigures } from '../report-figures.js';
import { explainVerdict, isNoBetterThanCounts } from '../verdict-explanation.js';

/** The subject of the run, the verdict in words, and the key figures behind it. */
export function overview(figures: ReportFigures): Html {
  const { run, overfit } = figures;
  const { headline, meaning } = explainVerdict(figures);
  const subject = run.subreddit === null ? visible(run.name) : `r/${visible(run.subreddit)}`;
  return html`<header class="masthead">
<p class="kicker">titlesmith <span aria-hidden="true">·</span> overfit report
<span aria-hidden="true">·</span> <bdi>${subject}</bdi></p>
<h1 class="${overfit.verdict}">${headline}</h1>
<p class="lead">${meaning}</p>
${run.source.synthetic ? syntheticNotice() : null}
<h2 class="to-do">What to do</h2>
${adviceList(adviceFor(figures))}
</header>
<section aria-label="Key figures"><dl class="figures">${keyFigures(figures)}</dl></section>`;
}

function adviceList(advice: readonly string[]): Html {
  if (advice.length === 1) return html`<p class="advice">${withOptions(advice[0]!)}</p>`;
  return html`<ol class="advice">${advice.map((sentence) => html`<li>${withOptions(sentence)}</li>`)}</ol>`;
}

/** A sentence whose options, such as `--steps 300` or `--model base`, are set as what one types, and kept on one line. */
function withOptions(sentence: string): Html {
  const parts = sentence.split(
    /(--[a-z][a-z-]*[a-z](?: (?:[0-9](?:[0-9.]*[0-9])?|base|auto|latest|fresh))?)/,
  );
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

function syntheticNotice(): Html {
  return html`<aside class="notice"><strong>Synthetic data.</strong>
The posts behind this report are titlesmith’s bundled sample, made up by a generator. They show the whole way
without a key or a network; they say nothing about any real community.</aside>`;
}

function keyFigures(figures: ReportFigures): Html[] {
  const { overfit, verdicts, generation, training, titles } = figures;
  const share = generation.outputs === 0 ? '' : `, ${formatPercent(verdicts.accepted / generation.outputs)}`;
  const unsaid =
    overfit.verdict === 'underfits' || isNoBetterThanCounts(overfit)
      ? ': no copies or repeats, which is not to say that they make sense'
      : '';
  const cards = [
    figure(
      'Accepted',
      formatCount(verdicts.accepted),
      `of ${pluralize(generation.outputs, 'output')}${share}${unsaid}`,
    ),
    figure(
      'Copies',
      formatPercent(overfit.outputs.copies.share),
      `of the outputs (95% interval ${interval(overfit.outputs.copies)}); ` +
        `of held-out titles ${formatPercent(overfit.heldOut.copies.share)}`,
    ),
  ];
  if (training) {
    const { epochs, steps, earlier } = training;
    const before = earlier ? `, after ${pluralize(earlier.steps, 'step')} of earlier trainings` : '';
    const learned = titles.train === null ? 'the training titles' : pluralize(titles.train, 'title');
    cards.push(
      figure(
        'Passes over the titles',
        epochs.toFixed(1),
        `of ${learned}, in ${pluralize(steps, 'step')}${before}`,
      ),
      predictionFigure(training, overfit.losses),
    );
  } else if (titles.train !== null) {
    cards.push(
      figure('Training titles', formatCount(titles.train), 'every output is compared with each of them'),
    );
  }
  return cards;
}

/** How well the model predicts held-out titles: in bits a byte where that was measured, else as perplexity. */
function predictionFigure(
  { bestValidationLoss, initialValidationLoss }: FinetuneCounts,
  losses: LossFindings | undefined,
): Html {
  if (losses === undefined) {
    const before = formatPerplexity(initialValidationLoss);
    const meaning = `on titles that it never saw; lower is better; ${before} before training`;
    return figure('Perplexity', formatPerplexity(bestValidationLoss), meaning);
  }
  const { bits, gains } = losses;
  const worse = gains.start.high < 0 ? ': training made it worse' : '';
  return figure(
    'Surprise at unseen titles',
    formatDecimal(bits.model),
    `bits a byte; lower is better; ${formatDecimal(bits.start)} before training${worse}`,
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
