const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 → "12,345". */
export function formatCount(value: number): string {
  return integers.format(value);
}

/** 0.1234 → "12.3%"; what is nearly nothing or nearly all says so: "<0.1%", ">99.9%". */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%';
  if (share < 1 && share > 0.999) return '>99.9%';
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)}%`;
}

/** A rating or a loss with 2 decimals; ratings just below 1 are not rounded up to it. */
export function formatDecimal(value: number): string {
  return value < 1 && value > 0.995 ? '0.99' : value.toFixed(2);
}

/** Nats per token as perplexity: among how many equally likely tokens the model is undecided. */
export function formatPerplexity(loss: number): string {
  const value = Math.exp(loss);
  return value < 100 ? value.toFixed(1) : formatCount(value);
}

/** "1 title", "2 titles". */
export function pluralize(number: number, noun: string): string {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** 9 → "9 s", 9.26 → "9.3 s", 95.2 → "1 min 35 s", 5130 → "1 h 26 min". */
export function formatSeconds(seconds: number): string {
  const rounded = Math.round(seconds * 10) / 10;
  if (rounded < 60) return `${rounded} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
