import type { Share, ShareDifference } from '../common/judgement.js';
import { shareDifference, wilsonShare } from '../dedupe/verdict/proportions.js';
import type { RunFigures, ShareChanges } from '../report/batch/batch-record.js';

type Figures = RunFigures | null | undefined;

/** How the shares of copies and of accepted titles among a run's outputs changed, as far as both times are known. */
export function shareChanges(before: Figures, after: Figures): ShareChanges {
  return { copies: changeOf(copiesOf, before, after), accepted: changeOf(acceptedOf, before, after) };
}

function changeOf(
  read: (figures: Figures) => number | undefined,
  before: Figures,
  after: Figures,
): ShareDifference | undefined {
  const [was, is] = [shareOf(read(before), before), shareOf(read(after), after)];
  return was && is && shareDifference(is, was);
}

function shareOf(count: number | undefined, figures: Figures): Share | undefined {
  const generated = figures?.generated;
  if (count === undefined || typeof generated !== 'number' || generated < 1) return undefined;
  // A record that was edited.
  if (!(count >= 0 && count <= generated)) return undefined;
  return wilsonShare(count, generated);
}

function copiesOf(figures: Figures): number | undefined {
  const { copyShare, generated } = figures ?? {};
  if (typeof copyShare !== 'number' || typeof generated !== 'number') return undefined;
  return Math.round(copyShare * generated);
}

const acceptedOf = (figures: Figures): number | undefined => figures?.accepted ?? undefined;
