/** A mean over communities, with its standard error: texts of one community are not independent, communities are. */
export interface Estimate {
  readonly mean: number;
  readonly error: number;
}

/** @param values one of each community, of two or more. */
export function meanOf(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** The ratio of two sums over communities, with its standard error (linearized; Cochran, 1977, 6.4). */
export function ratioOf(parts: readonly { readonly over: number; readonly under: number }[]): Estimate {
  const total = (of: 'over' | 'under'): number => parts.reduce((sum, part) => sum + part[of], 0);
  const mean = total('over') / total('under');
  const squares = parts.reduce((sum, { over, under }) => sum + (over - mean * under) ** 2, 0);
  return {
    mean,
    error: Math.sqrt((squares * parts.length) / (parts.length - 1)) / total('under'),
  };
}
