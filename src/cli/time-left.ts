import { formatSeconds } from '../common/number-formats.js';

/** Too early to tell before this much time has passed. */
const earliestMs = 1000;

/** Estimates when work will be done, from the pace since its first event. */
export class TimeLeft {
  private label = '';
  private startedAt = 0;
  private startedWith = 0;

  /** @returns for example `12 s left`; empty while it cannot be told. `now` is in milliseconds. */
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
