import { formatCount, formatPercent, pluralize } from '../../common/number-formats.js';
import type { PlotName, ThemeName } from '../../options/choices.js';
import { extentOf } from '../charts/chart.js';
import { drawCopiesCurve } from '../charts/copies-curve.js';
import { drawHeldOutCurves, whyNotTogether } from '../charts/held-out-curves.js';
import { drawLinesOfRuns, lineOfRun } from '../charts/lines-of-runs.js';
import { drawRatings, drawRatingsOfRuns } from '../charts/rating-histogram.js';
import { drawTitleLosses, drawTitleLossesOfRuns } from '../charts/title-loss-histogram.js';
import { drawTrainingCurve, lossesInBits, stepRange } from '../charts/training-curve.js';
import { type PictureContent, type PictureSize, renderPicture, swatches } from './picture.js';
import type { PlottedRun } from './plotted-run.js';

interface PlotLook extends PictureSize {
  readonly theme: ThemeName;
}

/**
 * A plot of one run, or of several together, as an SVG file.
 * @param runs one at least, none of which `whyNot` leaves out.
 */
export function drawPlot(plot: PlotName, runs: readonly PlottedRun[], { theme, ...size }: PlotLook): string {
  const [first, ...others] = runs as [PlottedRun, ...PlottedRun[]];
  const content = others.length === 0 ? contentOfOne(plot, first) : contentOfSeveral(plot, runs);
  return renderPicture(content, size, theme);
}

/** Why runs cannot be drawn together, though each has what a plot needs; undefined where they can. */
export function whyNotInOne(
  plot: PlotName,
  runs: readonly PlottedRun[],
  sameTokens: boolean | null,
): string | undefined {
  return plot === 'losses' && runs.length > 1 ? whyNotTogether(runs.map(withLosses), sameTokens) : undefined;
}

function contentOfOne(plot: PlotName, run: PlottedRun): PictureContent {
  const { name: subject, curve, bestStep } = run;
  switch (plot) {
    case 'losses':
      return {
        subject,
        title: 'Losses while it trained',
        legend: [
          { text: 'training titles', swatch: swatches.line('line training') },
          { text: 'held-out titles', swatch: swatches.line('line held-out') },
          { text: 'gap', swatch: swatches.path('gap') },
        ],
        draw: (frame) => drawTrainingCurve(frame, curve, bestStep),
      };
    case 'copies': {
      const heldOut = run.ratings?.heldOut.copies;
      return {
        subject,
        title: 'Copies among the texts sampled while it trained',
        legend: [
          { text: 'samples, 95% interval', swatch: swatches.line('line copies') },
          ...(heldOut
            ? [{ text: 'held-out titles, 95% interval', swatch: swatches.area('band held-out') }]
            : []),
        ],
        draw: (frame) =>
          drawCopiesCurve(frame, { copies: curve.copies, heldOut, range: stepRange(curve), bestStep }),
      };
    }
    case 'learning-rate':
      return {
        subject,
        title: 'Learning rate',
        legend: [],
        draw: (frame) => drawLinesOfRuns(frame, [{ points: run.rates }], rateAxis([run])),
      };
    case 'ratings':
      return {
        subject,
        title: 'How close the outputs come to training titles',
        legend: [
          { text: 'outputs', swatch: swatches.area('bar outputs') },
          { text: 'held-out titles', swatch: swatches.line('line held-out') },
        ],
        draw: (frame) => drawRatings(frame, run.ratings!),
      };
    case 'title-losses':
      return {
        subject,
        title: 'How well single titles are predicted',
        legend: [
          { text: 'training titles', swatch: swatches.area('bar outputs') },
          { text: 'held-out titles', swatch: swatches.line('line held-out') },
        ],
        draw: (frame) => drawTitleLosses(frame, run.titleBits!),
      };
  }
}

function contentOfSeveral(plot: PlotName, runs: readonly PlottedRun[]): PictureContent {
  const subject = pluralize(runs.length, 'run');
  const legend = runs.map(({ name }, index) => ({
    text: name,
    swatch: swatches.run(lineOfRun(index), 'line'),
  }));
  const dotted = (text: string) => ({ text, swatch: swatches.run('run-5', 'line dotted') });
  switch (plot) {
    case 'losses':
      return {
        subject,
        title: 'Losses of held-out titles while they trained',
        legend,
        draw: (frame) => drawHeldOutCurves(frame, runs.map(withLosses)),
      };
    case 'copies':
      return {
        subject,
        title: 'Copies among the texts sampled while they trained',
        legend,
        draw: (frame) => {
          const lines = runs.map(({ curve, bestStep }) => ({
            points: curve.copies.map(({ step, share }) => ({ step, value: share })),
            keptStep: bestStep,
          }));
          return drawLinesOfRuns(frame, lines, {
            labelY: 'copies among the samples',
            fromZero: true,
            formatY: (share) => `${Number((100 * share).toPrecision(3))}%`,
            description: `Line chart of copies among samples. ${runs.map(lastCopies).join('; ')}.`,
          });
        },
      };
    case 'learning-rate':
      return {
        subject,
        title: 'Learning rates',
        legend,
        draw: (frame) =>
          drawLinesOfRuns(
            frame,
            runs.map(({ rates }) => ({ points: rates })),
            rateAxis(runs),
          ),
      };
    case 'ratings':
      return {
        subject,
        title: 'How close the outputs come to training titles',
        legend: [...legend, dotted('its held-out titles')],
        draw: (frame) =>
          drawRatingsOfRuns(
            frame,
            runs.map(({ name, ratings }) => ({ name, ...ratings! })),
          ),
      };
    case 'title-losses':
      return {
        subject,
        title: 'How well single titles held out are predicted',
        legend: [...legend, dotted('its training titles')],
        draw: (frame) =>
          drawTitleLossesOfRuns(
            frame,
            runs.map(({ name, titleBits }) => ({ name, ...titleBits! })),
          ),
      };
  }
}

/** A run as the chart of held-out losses takes it, in bits. */
function withLosses({ name, curve, bestStep }: PlottedRun) {
  const { heldOut, unit } = lossesInBits(curve);
  return { name, heldOut, unit, bestStep };
}

const lastCopies = ({ name, curve }: PlottedRun): string => {
  const { step, share } = curve.copies.at(-1)!;
  return `${name}: ${formatPercent(share)} after step ${formatCount(step)}`;
};

function rateAxis(runs: readonly PlottedRun[]) {
  const highest = runs.map(({ name, rates }) => {
    const [, greatest] = extentOf(rates.map(({ value }) => value));
    return `${name}: ${greatest.toExponential(1)} at most`;
  });
  return {
    labelY: 'learning rate',
    fromZero: true,
    formatY: (rate: number) => (rate === 0 ? '0' : Number(rate.toPrecision(3)).toExponential()),
    description: `Line chart of learning rates. ${highest.join('; ')}.`,
  };
}
