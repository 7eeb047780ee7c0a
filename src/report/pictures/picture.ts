import type { ThemeName } from '../../options/choices.js';
import { type Html, html, visible } from '../../web/html.js';
import type { Chart, Frame } from '../charts/chart.js';
import { themes, withoutClasses } from './themes.js';

/** Where our pictures say that they are ours. */
const mark = '<!-- titlesmith plot -->';

/** Whether a text is a picture of ours. */
export const isPicture = (text: string): boolean => text.startsWith(mark);

/** Families that some system has; a reader without any of them takes its own. */
const fontFamily =
  'system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Noto Sans, Liberation Sans, Arial, sans-serif';
/** Of all text but the name, in user units. */
const fontSize = 12;

export interface PictureSize {
  /** In user units, which are CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** What a kind of line or area of a chart stands for. */
interface LegendEntry {
  readonly text: string;
  /** As drawn, 18 wide and 10 high, with the chart's classes. */
  readonly swatch: Html;
}

export const swatches = {
  line: (classes: string): Html => html`<path class="${classes}" d="M0 5H18"/>`,
  path: (classes: string): Html => html`<path class="${classes}" d="M0 0H18V10H0Z"/>`,
  area: (classes: string): Html => html`<rect class="${classes}" x="0" y="0" width="18" height="10"/>`,
  /** The lines of a run. */
  run: (group: string, classes: string): Html =>
    html`<g class="${group}"><path class="${classes}" d="M0 5H18"/></g>`,
};

export interface PictureContent {
  /** What it is of: a run. */
  readonly subject: string;
  readonly title: string;
  readonly legend: readonly LegendEntry[];
  /** Draws the chart into what is left of the picture. */
  readonly draw: (frame: Frame) => Chart;
}

const margin = 16;
const heights = { subject: 16, title: 24, legendRow: 20, legendGap: 10 };

/**
 * A chart as an SVG file of its own: a background, what it is of, a title, a legend and the chart, all looks as attributes. The same
 * content gives the same bytes.
 */
export function renderPicture(
  content: PictureContent,
  { width, height }: PictureSize,
  theme: ThemeName,
): string {
  const inner = width - 2 * margin;
  const rows = legendRows(content.legend, inner);
  const top = margin + heights.subject + heights.title + rows.length * heights.legendRow + heights.legendGap;
  const isNarrow = inner < 480;
  const { description, drawing } = content.draw({
    name: isNarrow ? 'narrow' : 'wide',
    width: inner,
    height: height - top - margin / 2,
    left: isNarrow ? 46 : 52,
    right: isNarrow ? 10 : 16,
    top: 24,
    bottom: 44,
    ticks: Math.max(3, Math.round(inner / 90)),
  });
  const picture = html`<title>${shown(content.title, 500)}</title>
<desc>${shown(description, 5000)}</desc>
<rect width="${width}" height="${height}" fill="${themes[theme].card}"/>
<text class="label" x="${margin}" y="${margin + 10}">${shown(content.subject, inner / 6.6)}</text>
<text class="name" x="${margin}" y="${margin + heights.subject + 14}" font-size="15" font-weight="600">${shown(content.title, inner / 8.4)}</text>
${rows.flatMap((entries, row) => entries.map((entry) => drawEntry(entry, row)))}<g transform="translate(${margin} ${top})">
${drawing}
</g>`;
  return `${mark}
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fontFamily}" font-size="${fontSize}">
${withoutClasses(picture.markup, theme)}
</svg>
`;
}

function drawEntry({ text, swatch, x }: PlacedEntry, row: number): Html {
  const y = margin + heights.subject + heights.title + row * heights.legendRow;
  return html`<g transform="translate(${margin + x} ${y})">${swatch}<text class="label" x="24" y="9.5">${text}</text></g>
`;
}

interface PlacedEntry extends LegendEntry {
  readonly x: number;
}

/** The entries of a legend in as many rows as they need. */
function legendRows(legend: readonly LegendEntry[], width: number): PlacedEntry[][] {
  const rows: PlacedEntry[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const { text, swatch } of legend) {
    const short = shown(text, (width - 24) / 6.6);
    const wide = 24 + widthOf(short);
    if (x + wide > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)!.push({ text: short, swatch, x: Math.round(x) });
    x += wide + 22;
  }
  return rows;
}

/** About how wide a text is: no font is known here. Letters of East Asia are as wide as they are high. */
function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += letter.codePointAt(0)! >= 0x2e80 ? fontSize : 0.55 * fontSize;
  return width;
}

/** A text that XML takes, cut to so many letters of usual width. */
function shown(text: string, letters: number): string {
  const whole = Array.from(visible(text).replace(/[\ufffe\uffff]/g, '\ufffd'));
  let [width, end] = [0, 0];
  for (const letter of whole) {
    width += letter.codePointAt(0)! >= 0x2e80 ? 1.8 : 1;
    if (width > letters) return `${whole.slice(0, Math.max(0, end - 1)).join('')}…`;
    end++;
  }
  return whole.join('');
}
