import type { Measure, OverfitStatistics } from '../common/judgement.js';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPoints,
  pluralize,
} from '../common/number-formats.js';
import { trainingRemedy } from '../common/stage-counts.js';
import type { ReportFigures } from './report-figures.js';

/** The verdict as a person would say it. */
interface VerdictExplanation {
  readonly headline: string;
  readonly meaning: string;
  /** What to do, one sentence each, the most useful first. */
  readonly advice: readonly string[];
}

/** With more copies than this among the held-out titles, copies are no sign of reciting. */
const alikeShare = 0.2;
/** Fewer training titles are too few for any model. */
const fewTitles = 5000;
/** Below this temperature, sampling favours memorized titles. */
const boldTemperature = 0.9;

/** The verdict in words, and what to do about it. */
export function explainVerdict(figures: ReportFigures): VerdictExplanation {
  const { overfit, bestCheckpoint } = figures;
  const shares = sharesInWords(overfit);
  switch (overfit.verdict) {
    case 'overfits':
      return {
        headline: 'The model recites its training titles',
        meaning: `${shares} ${evidenceInWords(overfit)}`,
        advice: remedies(figures),
      };
    case 'leans':
      return {
        headline: 'The model leans on its training titles',
        meaning: `${shares} ${evidenceInWords(overfit)}`,
        advice: remedies(figures),
      };
    case 'underfits':
      return {
        headline: 'The model has learned too little',
        meaning: tooLittleInWords(overfit),
        advice: waysToLearnMore(figures),
      };
    case 'healthy':
      if (overfit.heldOut.copies.share > alikeShare) {
        return {
          headline: 'The outputs are as alike as the titles they learn from',
          meaning: `${shares} These titles follow a few patterns so closely that copies tell little; ${boundInWords(overfit)}.`,
          advice: [
            'Nothing suggests reciting.',
            'A higher --similarity-threshold, or auto, refuses fewer outputs that only share a pattern.',
          ],
        };
      }
      return {
        headline: 'The model writes titles of its own',
        meaning: `${shares} It foretells such titles better than plain counts of words do, and ${boundInWords(overfit)}.`,
        advice: [
          'Nothing needs to change. Copies that did occur are refused below.',
          ...(bestCheckpoint ? [checkpointInWords(figures)] : []),
        ],
      };
    case 'unknown':
      if (overfit.measures.length === 0) {
        return {
          headline: 'Too few titles to tell',
          meaning:
            `There are ${pluralize(overfit.outputs.count, 'output')} and ` +
            `${pluralize(overfit.heldOut.count, 'held-out title')}; a fair comparison needs at least 30 of each.`,
          advice: ['Generate more titles, or learn from more, and look again.'],
        };
      }
      if (overfit.comparison.holds && overfit.losses === undefined) {
        return {
          headline: 'Not known whether the model has learned anything',
          meaning: `${shares} How well it foretells titles that it never saw was not measured; word salad would look the same.`,
          advice: ['Train again with this version (--restore-from fresh), which measures it.'],
        };
      }
      if (overfit.comparison.holds) {
        return {
          headline: 'Not enough to tell whether the model has learned anything',
          meaning: `${shares} On the held-out titles the model is not shown to be better than the plain baselines below.`,
          advice: [
            'Hold out more titles (--validation-share, or learn from more titles), or train for longer, and look again.',
          ],
        };
      }
      return {
        headline: 'Not enough to tell whether the model recites',
        meaning: `${shares} Chance may explain all that was measured, but ${boundInWords(overfit)}.`,
        advice: [whatWouldTell(overfit)],
      };
  }
}

/** What shows best that the outputs owe something to the training titles: copies, or else what chance explains least. */
function evidenceInWords({ measures, excess }: OverfitStatistics): string {
  const significant = measures.filter(({ isSignificant }) => isSignificant);
  const find = (wanted: Measure['name']) => significant.find(({ name }) => name === wanted);
  if (find('copies')) {
    return (
      `That is ${unsigned(excess.share)} percentage points more (95% interval ${formatPoints(excess.low)} to ` +
      `${formatPoints(excess.high)}), which chance does not explain.`
    );
  }
  const exact = find('exact copies');
  if (exact) {
    return (
      `${formatPercent(exact.observed)} are training titles word for word, where ${formatPercent(exact.usual)} would be usual, ` +
      'which chance does not explain.'
    );
  }
  const [clearest] = significant.sort((a, b) => a.p - b.p);
  return `Chance may explain that difference, but not that ${measureInWords[clearest!.name]}.`;
}

const unsigned = (share: number): string => formatPoints(share).replace('+', '');

const measureInWords: Readonly<Record<Measure['name'], string>> = {
  'exact copies': 'so many outputs are training titles, word for word',
  copies: 'so many outputs are copies',
  closeness:
    'the outputs lie closer to the titles that the model was shown than to others of the same source',
  'unauthentic outputs':
    'so many outputs are closer to a title that the model was shown than any other title is',
  'shared runs':
    'the outputs share more rare wordings with the titles that the model was shown than with others of the same source',
  'told apart':
    'the titles that the model was shown became so much easier for it that more than nine times in ten they can be told from others',
};

/** What may help a model that has learned too little, from what this run did. */
function waysToLearnMore({ training, titles, run }: ReportFigures): string[] {
  const isPretrained = !['nano', 'scratch'].includes(run.model);
  const advice: string[] = [];
  if (training?.stopReason === 'copies') {
    advice.push(
      `More steps alone would not do: after step ${formatCount(training.steps)} a sample held more copies than chance explains.`,
    );
  } else if (training?.bestStep === 0) advice.push(`Training helped nothing: ${trainingRemedy}.`);
  else if (training && training.bestStep < training.steps) {
    const { bestStep, steps } = training;
    advice.push(
      `More steps would not help: the held-out loss was lowest after step ${formatCount(bestStep)} of ${formatCount(steps)}.`,
    );
  } else advice.push('Train for more steps (--steps, or a higher --max-epochs).');
  if (!isPretrained) advice.push('Begin with weights that know the language: --model base.');
  if (titles.train !== null && titles.train < fewTitles) {
    advice.push(`Learn from more titles: it had ${formatCount(titles.train)}.`);
  }
  return advice;
}

const noText = 'More than one output in twenty is no text: it holds broken characters, or nothing.';

/** What shows that the model has learned too little. */
function tooLittleInWords({ losses }: OverfitStatistics): string {
  if (losses === undefined) return noText;
  const { gains, bits } = losses;
  const unbeaten = [
    gains.unigram.high <= 0
      ? `a count of how often each word part occurs (${formatDecimal(bits.unigram)})`
      : '',
    gains.trigram.high <= 0
      ? `a table of which word part follows which two (${formatDecimal(bits.trigram)})`
      : '',
    gains.start.high <= 0 ? `the model that training began with (${formatDecimal(bits.start)})` : '',
  ].filter(Boolean);
  if (unbeaten.length === 0) return noText;
  return (
    `It foretells titles that it never saw (${formatDecimal(bits.model)} bits a byte, the fewer the better) no better than ` +
    `${unbeaten.join(', and than ')} does. What it writes may be word salad, whether or not it copies.`
  );
}

/** A clause. */
function boundInWords({ comparison: { upper, margin, holds } }: OverfitStatistics): string {
  const bound = `${unsigned(margin)} percentage points`;
  if (holds) return `with 95% confidence copies are less than ${bound} more frequent than among them`;
  return `copies may be up to ${unsigned(upper)} percentage points more frequent (95% confidence), and healthy is below ${bound}`;
}

function whatWouldTell({ comparison, outputs }: OverfitStatistics): string {
  const { outputsNeeded, heldOutNeeded } = comparison;
  if (outputsNeeded !== undefined) {
    return (
      `If the shares stay as they are, ${pluralize(outputsNeeded, 'output')} would tell, ` +
      `instead of ${formatCount(outputs.count)}: generate more (--nsamples ${outputsNeeded}).`
    );
  }
  if (heldOutNeeded !== undefined) {
    return (
      `No number of outputs would tell with so few held-out titles. If the shares stay as they are, ` +
      `${formatCount(heldOutNeeded)} held-out titles and as many outputs would: learn from more titles, or raise ` +
      '--validation-share.'
    );
  }
  return 'More outputs would not tell, as the outputs have more copies already: look at what was refused, and train for fewer steps.';
}

/** One sentence. */
function sharesInWords({ outputs, heldOut }: OverfitStatistics): string {
  return (
    `${formatPercent(outputs.copies.share)} of the outputs copy a training title, wholly or nearly; of the ` +
    `${formatCount(heldOut.count)} real titles that the model never saw, ${formatPercent(heldOut.copies.share)} would be ` +
    'called copies by the same rules.'
  );
}

/** Whether the held-out loss rose after the step that was kept; where samples ended the training, that may be another. */
function lostByTraining({ bestStep, steps, stopReason }: NonNullable<ReportFigures['training']>): boolean {
  return stopReason !== 'copies' && bestStep > 0 && bestStep < steps;
}

/** Measures against reciting that this run has not taken yet. */
function remedies(figures: ReportFigures): string[] {
  const { training, bestCheckpoint, titles, run } = figures;
  const option = (name: string) => run.options.find((row) => row.name === name)?.value;
  const advice: string[] = [];
  if (bestCheckpoint) advice.push(checkpointInWords(figures));
  else if (training && lostByTraining(training)) {
    advice.push(
      `Train for fewer steps: the held-out loss was lowest after step ${formatCount(training.bestStep)} ` +
        `of ${formatCount(training.steps)} (--steps ${training.bestStep}).`,
    );
  } else advice.push('Train for fewer steps (--steps, or a lower --max-epochs).');
  const learned = titles.train === null ? '' : `: it had ${formatCount(titles.train)}`;
  const few = titles.train !== null && titles.train < fewTitles;
  advice.push(
    `Learn from more titles${learned}${few ? ', which is few' : ''} (a higher --limit, more subreddits).`,
  );
  const rank = option('lora-rank');
  advice.push(
    rank === undefined
      ? 'Give the model less room to remember: train low-rank adapters (--lora-rank 8) instead of all weights.'
      : `Give the model less room to remember: a lower --lora-rank than ${rank}.`,
  );
  const temperature = Number(option('temperature'));
  if (temperature < boldTemperature) {
    advice.push(`Sample more freely: a --temperature above ${temperature}, such as 1.`);
  } else advice.push('Sample differently: without --top-k and --top-p, or with another --prefix.');
  return advice;
}

function checkpointInWords({ bestCheckpoint, training, curve }: ReportFigures): string {
  const { step, loss, copyShare } = bestCheckpoint!;
  const { texts = null, low = null, high = null } = curve.copies.find((sample) => sample.step === step) ?? {};
  const among =
    texts === null || low === null || high === null
      ? `${formatPercent(copyShare)} of its samples were copies`
      : `${formatPercent(copyShare)} of its ${pluralize(texts, 'sample')} were copies (95% interval ${formatPercent(low)} to ${formatPercent(high)})`;
  const shown = `held-out loss ${formatDecimal(loss)}, ${among}`;
  if (training?.bestStep === step) {
    return `The checkpoint that was kept, step ${formatCount(step)}, was best by held-out loss and novelty: ${shown}.`;
  }
  return (
    `The checkpoint after step ${formatCount(step)} was best by held-out loss and novelty: ${shown}. ` +
    `Train that far (--steps ${step}).`
  );
}
