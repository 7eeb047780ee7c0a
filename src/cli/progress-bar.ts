import { SingleBar } from 'cli-progress';
import { formatCount, formatSeconds } from '../common/number-formats.js';
import { toPrintable } from '../common/printable.js';

/** A line at the bottom of a terminal that shows progress. */
export interface ProgressBar {
  update(state: { readonly done: number; readonly total?: number; readonly detail?: string }): void;
  /** Clears the line. */
  remove(): void;
}

/** Draws a bar on a terminal; just a count if the total is unknown. */
export function createProgressBar(
  stream: NodeJS.WriteStream,
  label: string,
  work: { readonly total?: number; readonly unit: string },
): ProgressBar {
  const name = toPrintable(label);
  const unit = toPrintable(work.unit);
  const format =
    work.total === undefined
      ? `${name}  {value} ${unit}  {detail}`
      : `${name}  {bar}  {percentage}%  {value}/{total} ${unit}  {detail}`;
  const bar = new SingleBar({
    stream,
    format,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    linewrap: true,
    gracefulExit: false,
    formatValue: formatCount,
  });
  bar.start(work.total ?? 0, 0, { detail: '' });
  return {
    update: ({ done, total, detail }) => {
      if (total !== undefined) bar.setTotal(total);
      bar.update(done, { detail: toPrintable(detail ?? '') });
    },
    remove: () => bar.stop(),
  };
}

/** No estimate is given before this much time has passed. */
const earliestMs = 1000;

/** Estimates the remaining time from the pace since the first event. */
export class TimeLeft {
  private label = '';
  private startedAt = 0;
  private startedWith = 0;

  /** @param now milliseconds. @returns for example `12 s left`; empty while unknown. */
  estimate(
    label: string,
    work: { readonly done: number; readonly total?: number },
    now = performance.now(),
  ): string {
    if (label !== this.label) [this.label, this.startedAt, this.startedWith] = [label, now, work.done];
    const [elapsed, done] = [now - this.startedAt, work.done - this.startedWith];
    if (work.total === undefined || work.done >= work.total || done <= 0 || elapsed < earliestMs) return '';
    const seconds = (((work.total - work.done) / done) * elapsed) / 1000;
    return `${formatSeconds(Math.ceil(seconds))} left`;
  }
}
