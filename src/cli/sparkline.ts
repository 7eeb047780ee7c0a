const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * A curve in one line of a terminal: numbers in their order, the largest a full block, the smallest the lowest. Where there are
 * more than `width`, each block is the mean of as many neighbours.
 * @param values finite.
 */
export function sparkline(values: readonly number[], width: number): string {
  const blocks = Math.min(width, values.length);
  const means = Array.from({ length: blocks }, (_, block) => {
    const part = values.slice(
      Math.floor((block * values.length) / blocks),
      Math.floor(((block + 1) * values.length) / blocks),
    );
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const span = most - least;
  return means
    .map((mean) => levels[span === 0 ? 0 : Math.round(((levels.length - 1) * (mean - least)) / span)])
    .join('');
}

/** The values of one work, as its events bring them. */
export class Curve {
  private label = '';
  private values: number[] = [];

  /** @returns the curve with a value added; empty before there are two. */
  add(label: string, value: number | undefined, width: number): string {
    if (label !== this.label) [this.label, this.values] = [label, []];
    if (value !== undefined && Number.isFinite(value)) this.values.push(value);
    return this.values.length < 2 ? '' : sparkline(this.values, width);
  }
}
