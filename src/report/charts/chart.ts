import type { ScaleLinear } from 'd3-scale';
import { formatCount } from '../../common/number-formats.js';
import { type Html, html } from '../../web/html.js';

/** A drawing area with room for axis labels, in SVG user units (CSS pixels at full size). */
export interface Frame {
  readonly name: 'wide' | 'narrow' | 'panel';
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly ticks: number;
}

/**
 * Each chart is drawn twice; the style sheet shows the one that fits, so that labels stay readable on a phone.
 */
export const frames = [
  { name: 'wide', width: 720, height: 280, left: 52, right: 16, top: 24, bottom: 44, ticks: 8 },
  { name: 'narrow', width: 360, height: 240, left: 46, right: 10, top: 24, bottom: 44, ticks: 4 },
] as const satisfies readonly Frame[];

/** A vertical scale, linear or not. */
type VerticalScale = (value: number) => number;

interface Axes {
  readonly x: ScaleLinear<number, number>;
  readonly y: VerticalScale;
  readonly ticksY: readonly number[];
  /** Empty where there is to be no mark. */
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  /** Empty where the text beside the chart says it. */
  readonly labelX: string;
  readonly labelY: string;
}

/** What is drawn in a frame: axes, and what lies between them. */
export interface Chart {
  readonly frame: Frame;
  /** The text alternative. */
  readonly description: string;
  /** Elements of SVG, whose classes the style sheet knows, and `src/report/pictures` too. */
  readonly drawing: Html;
}

/** Axes around `content`. `description` is the text alternative. */
export function chart(frame: Frame, axes: Axes, description: string, content: Html): Chart {
  const { width, height, left, right, bottom } = frame;
  const floor = height - bottom;
  const marksX = axes.x.ticks(frame.ticks).filter((value) => axes.formatX(value) !== '');
  const drawing = html`${axes.ticksY.map((value) => {
    const y = round(axes.y(value));
    return html`<path class="grid" d="M${left} ${y}H${width - right}"/>
<text class="tick"
x="${left - 8}" y="${y}" dy="0.32em" text-anchor="end">${axes.formatY(value)}</text>`;
  })}
${marksX.map((value) => {
  const x = round(axes.x(value));
  return html`<path class="axis" d="M${x} ${floor}v5"/>
<text class="tick" x="${x}" y="${floor + 18}" text-anchor="middle">${axes.formatX(value)}</text>`;
})}
<path class="axis" d="M${left} ${floor}H${width - right}"/>
${axes.labelX === '' ? null : html`<text class="label" x="${width - right}" y="${height - 6}" text-anchor="end">${axes.labelX}</text>`}
${axes.labelY === '' ? null : html`<text class="label" x="0" y="12">${axes.labelY}</text>`}
${content}`;
  return { frame, description, drawing };
}

/** A chart as one SVG of a page. */
export function ofPage({ frame, description, drawing }: Chart): Html {
  return html`<svg class="chart ${frame.name}" viewBox="0 0 ${frame.width} ${frame.height}"
role="img" aria-label="${description}">
${drawing}
</svg>`;
}

/** The least and the greatest of any number of values; of none, infinities in the other order. */
export function extentOf(values: Iterable<number>): [least: number, greatest: number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/** A vertical line with a label that stays inside the frame. */
export function marker(frame: Frame, x: number, label = ''): Html {
  const leftSide = x > frame.width / 2;
  return html`<path class="marker" d="M${round(x)} ${frame.top - 6}V${frame.height - frame.bottom}"/>
<text class="marker-label" x="${round(x) + (leftSide ? -6 : 6)}" y="${frame.top}"
text-anchor="${leftSide ? 'end' : 'start'}">${label}</text>`;
}

/** A step at its mark; what would stand between two steps of a short training has none. */
export const formatStep = (step: number): string => (Number.isInteger(step) ? formatCount(step) : '');

/** Two decimals are a hundredth of a pixel, and keep the page small. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
