import type { PlotName } from '../../options/choices.js';
import type { RatingDistribution } from '../charts/rating-histogram.js';
import type { TitleBits } from '../charts/title-loss-histogram.js';
import type { ReportFigures } from '../report-figures.js';

/** What is known of a run, as far as it can be drawn. */
export interface PlottedRun {
  /** Its name, or its folder where another has that name. */
  readonly name: string;
  readonly curve: ReportFigures['curve'];
  /** The step whose weights were kept; undefined while it trains. */
  readonly bestStep: number | undefined;
  /** Learning rates over its steps. */
  readonly rates: readonly { readonly step: number; readonly value: number }[];
  /** Undefined where its outputs are not judged. */
  readonly ratings: RatingDistribution | undefined;
  /** Undefined where its training measured none. */
  readonly titleBits: TitleBits | undefined;
}

/**
 * Why a plot cannot be drawn of a run; undefined where it can.
 * @param together beside others, where held-out losses alone are drawn.
 */
export function whyNot(plot: PlotName, run: PlottedRun, together: boolean): string | undefined {
  const { loss, validation } = run.curve;
  const isMeasured = (together ? validation : [...loss, ...validation]).length > 0;
  switch (plot) {
    case 'losses':
      if (isMeasured) return undefined;
      return `it has measured no ${together ? 'held-out loss' : 'loss'} yet: titlesmith finetune trains`;
    case 'copies':
      if (run.curve.copies.length > 0) return undefined;
      return 'no samples were judged while it trained (--sample-every)';
    case 'learning-rate':
      return run.rates.length > 0 ? undefined : 'its metrics.jsonl has no learning rate';
    case 'ratings':
      return run.ratings ? undefined : 'its outputs are not judged yet: titlesmith dedupe judges';
    case 'title-losses':
      return run.titleBits
        ? undefined
        : 'it has no title-losses.json, which a training writes in the end (those of the first versions did not)';
  }
}
