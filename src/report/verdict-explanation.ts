import {
  fewestTexts,
  type LossFindings,
  type Measure,
  type OverfitStatistics,
  type RatingSummary,
} from '../common/judgement.js';
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
        meaning: `${shares} ${evidenceInWords(overfit)}${alsoNoSense(overfit)}.`,
      };
    case 'leans':
      return {
        headline: 'The model leans on its training titles',
        meaning: `${shares} ${evidenceInWords(overfit)}${alsoNoSense(overfit)}.`,
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

/** Whether nothing can be said for want of texts: not even how much more frequent copies may be than they should. */
export function areTooFew({ measures, comparison, outputs, heldOut }: OverfitStatistics): boolean {
  return measures.length === 0 || (comparison.holds && Math.min(outputs.count, heldOut.count) < fewestTexts);
}

function unknownInWords(overfit: OverfitStatistics, shares: string): VerdictExplanation {
  const { comparison, losses, outputs, heldOut } = overfit;
  if (areTooFew(overfit)) {
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
    meaning: `${shares} On the held-out titles the model is not shown to be better than ${unbeatenInWords(losses)} (${formatDecimal(losses.bits.model)} bits a byte; fewer is better).`,
  };
}

/** The baselines that a model is not shown to beat, with their bits a byte. */
function unbeatenInWords({ gains, bits }: LossFindings): string {
  const names = {
    trigram: 'a table of which word parts follow one another',
    unigram: 'a count of how often each word part occurs',
    start: 'before training',
  };
  const unbeaten = (['trigram', 'unigram', 'start'] as const).filter((name) => gains[name].low <= 0);
  return unbeaten.map((name) => `${names[name]} (${formatDecimal(bits[name])})`).join(', nor than ');
}

/** The measure of how well the model remembers what it was shown; undefined where losses were not measured. */
export function remembering({ measures }: OverfitStatistics): Measure | undefined {
  return measures.find(({ name }) => name === 'told apart');
}

/** What shows best that the outputs owe something to the training titles: copies, or else what chance explains least. A clause. */
function evidenceInWords({ measures, excess }: OverfitStatistics): string {
  const significant = measures.filter(({ isSignificant }) => isSignificant);
  const find = (wanted: Measure['name']) => significant.find(({ name }) => name === wanted);
  if (find('copies')) {
    return (
      `That is ${unsigned(excess.share)} percentage points more (95% interval ${formatPoints(excess.low)} to ` +
      `${formatPoints(excess.high)}), which chance does not explain`
    );
  }
  const exact = find('exact copies');
  if (exact) {
    return (
      `${formatPercent(exact.observed)} are training titles word for word, where ${formatPercent(exact.usual)} would be expected, ` +
      'which chance does not explain'
    );
  }
  const clearest = significant.sort((a, b) => a.p - b.p)[0]!;
  const copies =
    excess.share > 0 ? 'Chance may explain that difference' : 'Copies are no more frequent than that';
  return `${copies}, but chance does not explain that ${measureInWords(clearest)}`;
}

/** Whether a plain count of the word parts in the training titles predicts held-out titles at least as well as the model does. */
export function isNoBetterThanCounts({ losses }: OverfitStatistics): boolean {
  return losses !== undefined && (losses.gains.trigram.high <= 0 || losses.gains.unigram.high <= 0);
}

/** Of a model that knows its titles by heart, a clause: whether it has learned the language besides. */
function alsoNoSense(overfit: OverfitStatistics): string {
  if (overfit.losses === undefined || !isNoBetterThanCounts(overfit)) return '';
  const { bits, gains } = overfit.losses;
  const isWorse = gains.trigram.high < 0 || gains.unigram.high < 0;
  return (
    `; and it predicts titles that it never saw ${isWorse ? 'worse' : 'no better'} than plain counts of word parts do (${formatDecimal(bits.model)} bits a byte ` +
    `against ${formatDecimal(Math.min(bits.trigram, bits.unigram))}, fewer is better), so that what is no copy may be word salad`
  );
}

const unsigned = (share: number): string => formatPoints(share).replace('+', '');

/** What a measure beyond chance shows, a clause. */
function measureInWords({ name, observed, usual }: Measure): string {
  switch (name) {
    case 'exact copies':
      return 'so many outputs are training titles, word for word';
    case 'copies':
      return 'so many outputs are copies';
    case 'closeness':
      return 'the outputs lie closer to the titles that the model was shown than to others of the same source';
    case 'unauthentic outputs':
      return 'so many outputs are closer to a title that the model was shown than any other title is';
    case 'shared runs':
      return 'the outputs share more rare wordings with the titles that the model was shown than with others of the same source';
    case 'told apart':
      return `it remembers the titles it was shown so well: beside a title it was not shown, one that it was shown became easier by more in ${formatPercent(observed)} of pairs, where up to ${formatPercent(usual)} is usual`;
  }
}

const noText =
  'More than one output in twenty is no text: it holds broken characters, or nothing. What it writes is not to be used.';

/** What shows that the model has learned too little. */
function tooLittleInWords(overfit: OverfitStatistics): string {
  if (overfit.losses === undefined) return noText;
  const { gains, bits } = overfit.losses;
  const [model, start] = [formatDecimal(bits.model), formatDecimal(bits.start)];
  if (!isNoBetterThanCounts(overfit)) {
    if (gains.start.high > 0) return noText;
    const change = gains.start.high < 0 ? 'worse' : 'no better';
    return (
      `It predicts titles of this source that it never saw ${change} than before training: ${model} bits a byte against ${start}, where ` +
      'fewer is better. What it writes is what it could write before, not what these titles could teach it.'
    );
  }
  const [plain, gain, what] =
    gains.trigram.high <= 0
      ? [bits.trigram, gains.trigram, 'a table of which word parts follow one another']
      : [bits.unigram, gains.unigram, 'a count of how often each word part occurs'];
  const worse = gains.start.high < 0 ? `Training made it worse (before: ${start}): it` : 'It';
  return (
    `It predicts titles that it never saw ${gain.high < 0 ? 'worse' : 'no better'} than ${what} does: ${model} bits a byte against ` +
    `${formatDecimal(plain)}, where fewer is better. ${worse} is not shown to copy, but what it writes may be word salad.`
  );
}

/** A clause. */
function boundInWords({ comparison: { upper, margin, holds } }: OverfitStatistics): string {
  const limit = `below ${unsigned(margin)} counts as fine`;
  if (!holds)
    return `copies may be up to ${unsigned(upper)} percentage points more frequent than among real titles (95% confidence; ${limit})`;
  if (upper <= 0) return 'copies are no more frequent than among real titles (95% confidence)';
  return `copies are at most ${unsigned(upper)} percentage points more frequent than among real titles (95% confidence; ${limit})`;
}

/** One sentence. */
function sharesInWords({ outputs, heldOut }: OverfitStatistics): string {
  const share = ({ count, copies }: RatingSummary, what: string): string =>
    `${formatCount(copies.count)} of ${pluralize(count, what)} (${formatPercent(copies.share)})`;
  return (
    `${share(outputs, 'output')} copy a training title, word for word or nearly; by the same rules ` +
    `${share(heldOut, 'real title')} that the model never saw would be called copies.`
  );
}
