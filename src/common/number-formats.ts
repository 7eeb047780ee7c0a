/**
 * Numbers as people read them, the same on the terminal and on every page; in English, whatever the machine's language.
 */

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 → "12,345". */
export function formatCount(value: number): string {
  return integers.format(value);
}

/** 0.1234 → "12.3%"; nearly 0 and nearly 1 are shown as such: "<0.1%", ">99.9%". */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%';
  if (share < 1 && share > 0.999) return '>99.9%';
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)}%`;
}

/** A rating or a loss with 2 decimals; ratings just below 1 are not rounded up to it. */
export function formatDecimal(value: number): string {
  return value < 1 && value > 0.995 ? '0.99' : value.toFixed(2);
}

/** A difference of shares in percentage points, with its sign: 0.123 → "+12.3", -0.004 → "−0.4". */
export function formatPoints(share: number): string {
  const value = (100 * share).toFixed(1);
  if (Number(value) === 0) return '0.0';
  return share > 0 ? `+${value}` : value.replace('-', '\u2212');
}

/** A difference of decimals, with its sign: 0.2 → "+0.20", -0.2 → "−0.20". */
export function formatDifference(difference: number): string {
  const value = formatDecimal(Math.abs(difference));
  if (Number(value) === 0) return value;
  return `${difference < 0 ? '\u2212' : '+'}${value}`;
}

/** A loss in nats per token with 3 decimals. */
export function formatLoss(loss: number): string {
  return loss.toFixed(3);
}

/**
 * A loss in nats per token as perplexity, exp(loss), with 3 digits: the number of equally likely tokens with that loss.
 */
export function formatPerplexity(loss: number): string {
  const value = Math.exp(loss);
  if (value >= 100) return formatCount(value);
  return value.toFixed(value < 10 ? 2 : 1);
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

/** Bytes in powers of 1000: 30.14e9 → "30.1 GB", 512 → "512 bytes". */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** The size of a buffer on a graphics card in whole MiB, rounded up: 2^30 → "1,024 MiB"; less than one in bytes. */
export function formatMebibytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${formatCount(bytes)} bytes` : `${formatCount(Math.ceil(bytes / 2 ** 20))} MiB`;
}
