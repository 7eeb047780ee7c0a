import { fewestTexts, type OverfitStatistics } from '../../common/judgement.js';
import { formatCount, pluralize } from '../../common/number-formats.js';
import type { ReportFigures } from '../../report/report-figures.js';
import { isNoBetterThanCounts } from '../../report/verdict-explanation.js';
import { titlesFor } from '../title-needs.js';

/** What a verdict means for a person who made titles, and what to do next, without a term or an option. */
export function plainVerdict(figures: ReportFigures): string {
  const { overfit } = figures;
  const copies = copiesInWords(overfit);
  switch (overfit.verdict) {
    case 'healthy':
      return `As far as can be measured, it wrote these titles itself. ${copies} Whether they are good, only reading them tells.`;
    case 'leans':
      return `It wrote some of this itself, and for some it leaned on your titles. ${copies} Read the rest before you use it.`;
    case 'overfits':
      if (overfit.outputs.copies.count === overfit.outputs.count) return copiedFirst(overfit);
      return `It mostly repeats your titles. ${copies} Do not take the rest for new: let it learn for fewer steps, or give it more titles.`;
    case 'underfits':
      return `${tooLittle(overfit)} ${copies} Do not take what it wrote for titles like yours. Give it more titles, or more steps, and let it learn again.`;
    case 'unknown':
      return overfit.outputs.copies.count === 0
        ? `${whatIsLacking(figures)} ${copies}`
        : `${copiedFirst(overfit)} ${whatIsLacking(figures)}`;
  }
}

/** One sentence. */
function copiesInWords({ outputs: { copies } }: OverfitStatistics): string {
  if (copies.count === 0) return 'It copied none of your titles.';
  return copies.count === 1
    ? '1 that copied one of your titles was refused.'
    : `${formatCount(copies.count)} that copied one of your titles were refused.`;
}

/** What was copied is a fact, whatever can be told of chance. */
function copiedFirst(overfit: OverfitStatistics): string {
  const { count, copies } = overfit.outputs;
  return copies.count === count
    ? `All ${formatCount(count)} that it wrote copy your titles, so that none is new: let it learn for fewer steps, or give it more titles.`
    : copiesInWords(overfit);
}

function tooLittle(overfit: OverfitStatistics): string {
  const { losses } = overfit;
  if (losses !== undefined && isNoBetterThanCounts(overfit))
    return 'It has not learned how your titles are made: it guesses the words of titles that it never saw no better than mere counting of words would.';
  if (losses !== undefined && losses.gains.start.high <= 0)
    return 'It learned nothing from your titles: it guesses the words of those that it never saw no better than before it learned.';
  return 'More than one text in twenty that it wrote is empty or broken.';
}

function whatIsLacking({ overfit }: ReportFigures): string {
  const { comparison, outputs, heldOut } = overfit;
  if (Math.min(outputs.count, heldOut.count) < fewestTexts) {
    const parts: string[] = [];
    if (outputs.count < fewestTexts)
      parts.push(`Write at least ${formatCount(fewestTexts - outputs.count)} more.`);
    if (heldOut.count < fewestTexts) parts.push(moreTitles(fewestTexts));
    return `A fair comparison needs ${fewestTexts} new titles and ${fewestTexts} that were held back; there are ${formatCount(outputs.count)} and ${formatCount(heldOut.count)}. ${parts.join(' ')}`;
  }
  if (comparison.holds)
    return 'It repeats your titles no more than is usual, but it is not shown that it has learned anything from them. Give it more titles, or let it learn for longer.';
  if (comparison.outputsNeeded !== undefined)
    return `What it copied may be chance, or not. If it goes on like this, ${pluralize(comparison.outputsNeeded, 'new title')} in all are the least that would tell; there are ${formatCount(outputs.count)}.`;
  if (comparison.heldOutNeeded !== undefined)
    return `What it copied may be chance, or not, and too few of your titles were held back to tell. ${moreTitles(comparison.heldOutNeeded)}`;
  return 'What it copied may be chance, or not; writing more would not tell. Look at what was refused, and let it learn for fewer steps.';
}

function moreTitles(heldOut: number): string {
  return `Learn from ${formatCount(titlesFor(heldOut))} titles in all, so that ${formatCount(heldOut)} of them are held back.`;
}
