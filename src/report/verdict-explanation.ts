import type { Measure, OverfitStatistics } from '../common/judgement.js';
import {
  formatCount,
  formatDecimal,
  formatPercent,
  formatPoints,
  pluralize,
} from '../common/number-formats.js';
import type { ReportFigures } from './report-figures.js';

/** The verdict as a person would say it. */
interface VerdictExplanation {
  readonly headline: string;
  /** Two sentences at most. */
  readonly meaning: string;
}

/** With more copies than this among the held-out titles, copies are no sign of reciting. */
const alikeShare = 0.2;

/** The verdict in words: a headline, and what shows it in two sentences. */
export function explainVerdict({ overfit }: Pick<ReportFigures, 'overfit'>): VerdictExplanation {
  const shares = sharesInWords(overfit);
  switch (overfit.verdict) {
    case 'overfits':
      return {
        headline: 'The model recites its training titles',
        meaning: `${shares} ${evidenceInWords(overfit)}`,
      };
    case 'leans':
      return {
        headline: 'The model leans on its training titles',
        meaning: `${shares} ${evidenceInWords(overfit)}`,
      };
    case 'underfits':
      return { headline: 'The model has learned too little', meaning: tooLittleInWords(overfit) };
    case 'healthy':
      return healthyInWords(overfit, shares);
    case 'unknown':
      return unknownInWords(overfit, shares);
  }
}

/** Whether titles of this source are so alike that copies say little. */
export const areAlike = ({ heldOut }: OverfitStatistics): boolean => heldOut.copies.share > alikeShare;

function healthyInWords(overfit: OverfitStatistics, shares: string): VerdictExplanation {
  const predicts = `It predicts titles that it never saw better than plain counts of word parts do${bitsInWords(overfit)}`;
  if (areAlike(overfit)) {
    return {
      headline: 'The model writes titles of its own, as alike as those it learned from',
      meaning: `${shares} ${predicts}; these titles follow a few patterns so closely that copies tell little, and ${boundInWords(overfit)}.`,
    };
  }
  return {
    headline: 'The model writes titles of its own',
    meaning: `${shares} ${predicts}, and ${boundInWords(overfit)}.`,
  };
}

/** The best of the baselines beside the model. */
function bitsInWords({ losses }: OverfitStatistics): string {
  if (losses === undefined) return '';
  const { bits } = losses;
  const plain = formatDecimal(Math.min(bits.unigram, bits.trigram));
  return ` (${formatDecimal(bits.model)} bits a byte against ${plain}; fewer is better)`;
}

function unknownInWords(overfit: OverfitStatistics, shares: string): VerdictExplanation {
  const { measures, comparison, losses, outputs, heldOut } = overfit;
  if (measures.length === 0) {
    return {
      headline: 'Too few titles to tell',
      meaning:
        `There are ${pluralize(outputs.count, 'output')} and ${pluralize(heldOut.count, 'held-out title')}; ` +
        'a fair comparison needs at least 30 of each.',
    };
  }
  if (!comparison.holds) {
    return {
      headline: 'Not enough to tell whether the model recites',
      meaning: `${shares} Chance may explain all that was measured, but ${boundInWords(overfit)}.`,
    };
  }
  if (losses === undefined) {
    return {
      headline: 'Not known whether the model has learned anything',
      meaning: `${shares} How well it predicts titles that it never saw was not measured; word salad would look the same.`,
    };
  }
  return {
    headline: 'Not enough to tell whether the model has learned anything',
    meaning: `${shares} On the held-out titles the model is not shown to be better than plain counts of word parts${bitsInWords(overfit)}.`,
  };
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
      `${formatPercent(exact.observed)} are training titles word for word, where ${formatPercent(exact.usual)} would be expected, ` +
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
    'the titles that the model was shown became so much easier for it that more than nine times in ten they can be told from titles it was not shown',
};

const noText =
  'More than one output in twenty is no text: it holds broken characters, or nothing. What it writes is not to be used.';

/** What shows that the model has learned too little. */
function tooLittleInWords({ losses }: OverfitStatistics): string {
  if (losses === undefined) return noText;
  const { gains, bits } = losses;
  const model = `${formatDecimal(bits.model)} bits a byte, where fewer is better`;
  const plain = [
    gains.trigram.high <= 0
      ? `a table of which word parts follow one another (${formatDecimal(bits.trigram)})`
      : '',
    gains.unigram.high <= 0
      ? `a count of how often each word part occurs (${formatDecimal(bits.unigram)})`
      : '',
  ].filter(Boolean);
  const start = formatDecimal(bits.start);
  if (plain.length === 0 && gains.start.high > 0) return noText;
  if (plain.length === 0) {
    const change =
      gains.start.high < 0
        ? `worse than before training (${start})`
        : `no better than before training (${start})`;
    return (
      `It predicts titles of this source that it never saw ${change}: ${model}. ` +
      'What it writes is what it could write before, not what these titles could teach it.'
    );
  }
  const worse = gains.start.high < 0 ? ` Training made it worse (before: ${start}), and what` : ' What';
  return (
    `It predicts titles that it never saw no better than ${plain.join(', and than ')} does: ${model}.` +
    `${worse} it writes may be word salad, whether or not it copies.`
  );
}

/** A clause. */
function boundInWords({ comparison: { upper, margin, holds } }: OverfitStatistics): string {
  const limit = `the limit is ${unsigned(margin)}`;
  if (!holds)
    return `copies may be up to ${unsigned(upper)} percentage points more frequent than among real titles (95% confidence; ${limit})`;
  if (upper <= 0) return 'copies are no more frequent than among real titles (95% confidence)';
  return `copies are at most ${unsigned(upper)} percentage points more frequent than among real titles (95% confidence; ${limit})`;
}

/** One sentence. */
function sharesInWords({ outputs, heldOut }: OverfitStatistics): string {
  return (
    `${formatPercent(outputs.copies.share)} of the outputs copy a training title, word for word or nearly; of ` +
    `${formatCount(heldOut.count)} real titles that the model never saw, ${formatPercent(heldOut.copies.share)} would be ` +
    'called copies by the same rules.'
  );
}
