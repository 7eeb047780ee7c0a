import type { Judgement, TextJudgement, Verdict as TextVerdict } from '../../common/judgement.js';
import { findDifferences } from '../../report/differences.js';
import type { ReportFigures } from '../../report/report-figures.js';
import { explainVerdict } from '../../report/verdict-explanation.js';
import type { ShownText, Verdict } from '../worker-messages.js';
import { plainVerdict } from './plain-verdict.js';

/** Texts, and what was found about them, as the page shows them. */

function shownText(verdict: TextVerdict): ShownText {
  const { text, reason, evidence } = verdict;
  if (reason === undefined) return { text, state: 'new' };
  const matched = matchOf(verdict);
  return {
    text,
    state: 'refused',
    reason,
    evidence,
    ...(matched === undefined ? {} : pairOf(text, matched)),
  };
}

/** What a refused text copies; a title of the base model's is not known by its words. */
function matchOf({ reason, matched, repeats }: TextVerdict): string | undefined {
  if (reason === 'base copy' || reason === 'blank' || reason === 'broken text') return undefined;
  return repeats ?? matched;
}

function pairOf(text: string, title: string): Pick<ShownText, 'matched'> {
  const { first, second, runs } = findDifferences(text, title);
  return { matched: { text: first.join(' '), title: second.join(' '), runs } };
}

/**
 * All texts of a run, the newest first.
 * @param rounds the number of the request that each was written for, in the order of the verdicts.
 */
export function shownTexts({ verdicts }: Judgement, rounds: readonly number[]): ShownText[] {
  const areTold = new Set(rounds).size > 1;
  return verdicts
    .map((verdict, index) => ({ ...shownText(verdict), round: areTold ? rounds[index] : undefined }))
    .reverse();
}

/** @param page the report as a page of its own. */
export function shownVerdict(figures: ReportFigures, page: string): Verdict {
  const { overfit, verdicts } = figures;
  const { headline, meaning } = explainVerdict(figures);
  return {
    verdict: overfit.verdict,
    headline,
    plain: plainVerdict(figures),
    meaning,
    accepted: verdicts.accepted,
    refused: verdicts.rejected.reduce((sum, { count }) => sum + count, 0),
    copyShare: overfit.outputs.copies.share,
    heldOutCopyShare: overfit.heldOut.copies.share,
    page,
  };
}

/** A text of the base model's own, of which only that is known. @param inBase whether it stands in what that was trained on. */
export function shownBaseText(text: string, inBase: boolean): ShownText {
  if (!inBase) return { text, state: 'new' };
  const reason: TextJudgement['reason'] = 'base copy';
  return { text, state: 'refused', reason };
}
