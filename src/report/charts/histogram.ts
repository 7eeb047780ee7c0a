import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import { type Html, html } from '../../web/html.js';
import { type Chart, chart, extentOf, type Frame, marker, round } from './chart.js';

/** The share of texts in each bin. */
interface Shares {
  /** Of the bars, or of the line. */
  readonly className: string;
  readonly shares: readonly number[];
}

/** Outlines of one colour. */
interface Outlines {
  /** Of the group that holds them; undefined: they need none. */
  readonly group?: string;
  readonly lines: readonly Shares[];
}

/** Distributions over the same bins. */
interface Histogram {
  /** Where bins begin and end: one more than there are bins, from the least on. */
  readonly edges: readonly number[];
  readonly bars?: Shares;
  readonly outlines: readonly Outlines[];
  readonly labelX: string;
  readonly marker?: { readonly at: number; readonly label: string };
  /** The text alternative. */
  readonly description: string;
}

/** Shares as bars and outlines over a linear axis. */
export function drawHistogram(frame: Frame, histogram: Histogram): Chart {
  const { edges, bars, outlines, labelX, description } = histogram;
  const floor = frame.height - frame.bottom;
  const x = scaleLinear([edges[0]!, edges.at(-1)!], [frame.left, frame.width - frame.right]);
  const lines = outlines.flatMap((outline) => outline.lines);
  const [, highest] = extentOf([...lines, ...(bars ? [bars] : [])].flatMap(({ shares }) => shares));
  const y = scaleLinear([0, Math.max(0.05, highest)], [floor, frame.top + 10]).nice(5);
  const outline = line<[number, number]>(
    ([value]) => x(value),
    ([, share]) => y(share),
  )
    .curve(curveStepAfter)
    .digits(2);
  const pathOf = (shares: readonly number[]): string | null =>
    outline([
      [edges[0]!, 0],
      ...shares.map((share, i): [number, number] => [edges[i]!, share]),
      [edges.at(-1)!, shares.at(-1)!],
      [edges.at(-1)!, 0],
    ]);
  const axes = {
    x,
    y,
    ticksY: y.ticks(5),
    formatX: (value: number) => x.tickFormat(frame.ticks)(value),
    formatY: (value: number) => y.tickFormat(5, '~%')(value),
    labelX,
    labelY: 'share of titles',
  };
  const drawnBars = bars?.shares.map((share, i) => {
    const left = x(edges[i]!) + 1;
    const top = y(share);
    return html`<rect class="${bars.className}" x="${round(left)}" y="${round(top)}"
width="${round(x(edges[i + 1]!) - 1 - left)}" height="${round(floor - top)}"/>`;
  });
  const drawnLines = outlines.map(({ group, lines: own }): Html => {
    const paths = own.map(
      ({ className, shares }) => html`<path class="${className}" d="${pathOf(shares)}"/>`,
    );
    return group === undefined ? html`${paths}` : html`<g class="${group}">${paths}</g>\n`;
  });
  const content = html`${drawnBars}
${drawnLines}
${histogram.marker && marker(frame, x(histogram.marker.at), histogram.marker.label)}`;
  return chart(frame, axes, description, content);
}

/** Counts as shares of them all; zeros where there are none. */
export function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, value) => sum + value, 0);
  return counts.map((value) => (total === 0 ? 0 : value / total));
}
