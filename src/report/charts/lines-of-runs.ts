import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { html } from '../../web/html.js';
import { type Chart, chart, extentOf, type Frame, formatStep, round } from './chart.js';

/** Runs that have a colour of their own; those after them begin again, with dashes. */
const colours = 6;
/** As many runs have lines of their own looks. */
export const mostRunsTogether = 2 * colours;

/** The class of a run's line: colour, and dashes beyond the first six. */
export const lineOfRun = (index: number): string =>
  `run-${index % colours}${index >= colours ? ' dashed' : ''}`;

interface Point {
  readonly step: number;
  readonly value: number;
}

/** Values of a run over its steps; those that are no finite numbers leave gaps. */
interface RunLine {
  readonly points: readonly Point[];
  /** Marked with a dot, where the line has it. */
  readonly keptStep?: number | undefined;
}

interface LinesOptions {
  readonly labelY: string;
  /** The vertical axis begins with 0, whatever the values are. */
  readonly fromZero?: boolean;
  /** Writes the ticks of the vertical axis. Default: with as many decimals as they need. */
  readonly formatY?: (value: number) => string;
  /** The text alternative. */
  readonly description: string;
}

/** Lines over the steps of training, one a run, in the runs' colours. At least one has a finite value. */
export function drawLinesOfRuns(frame: Frame, lines: readonly RunLine[], options: LinesOptions): Chart {
  const points = lines.flatMap((one) => one.points).filter(({ value }) => Number.isFinite(value));
  const [, last] = extentOf(points.map(({ step }) => step));
  const [lowest, highest] = extentOf(points.map(({ value }) => value));
  const room = Math.max(0.02 * highest, 0.05 * (highest - lowest));
  const floor = frame.height - frame.bottom - (options.fromZero ? 0 : 6);
  const x = scaleLinear([0, Math.max(1, last)], [frame.left + 4, frame.width - frame.right - 8]);
  const y = scaleLinear(
    [options.fromZero ? 0 : Math.max(0, lowest - room), highest + room],
    [floor, frame.top + 10],
  );
  const path = line<Point>(
    ({ step }) => x(step),
    ({ value }) => y(value),
  )
    .defined(({ value }) => Number.isFinite(value))
    .digits(2);
  const axes = {
    x,
    y,
    ticksY: y.ticks(5),
    formatX: formatStep,
    formatY: options.formatY ?? y.tickFormat(5),
    labelX: 'training steps',
    labelY: options.labelY,
  };
  const content = lines.map(({ points: own, keptStep }, index) => {
    const kept = own.find(({ step, value }) => step === keptStep && Number.isFinite(value));
    const dot =
      kept && html`<circle class="dot" cx="${round(x(kept.step))}" cy="${round(y(kept.value))}" r="4"/>`;
    return html`<g class="${lineOfRun(index)}"><path class="line" d="${path(own)}"/>${dot ?? null}</g>
`;
  });
  return chart(frame, axes, options.description, html`${content}`);
}
