/**
 * What long work tells its caller. Plain data, so that it crosses threads and becomes a bar on a terminal, a line in
 * a log or a JSON line. `src/pipeline/console.ts` renders it.
 */
export type ProgressEvent =
  /** A fact worth a line of its own: a choice that was made, a count. */
  | { kind: 'note'; message: string }
  /** Something a person should look at, though the work goes on. */
  | { kind: 'warning'; message: string }
  /** `done` of `total` units of work (`total` undefined where it cannot be known); `detail` is shown behind the bar. */
  | { kind: 'progress'; label: string; done: number; total?: number; unit: string; detail?: string };

export type ProgressListener = (event: ProgressEvent) => void;

/** How long work learns that it should stop: asked between steps, never in the middle of one. */
export interface WorkContext {
  readonly onProgress: ProgressListener;
  /** True once the person asked to stop (Ctrl-C, SIGTERM). Work then saves and throws InterruptedError. */
  readonly stopRequested: () => boolean;
}

/** A context that reports nothing and never stops, for library use and tests. */
export const silentContext: WorkContext = { onProgress: () => {}, stopRequested: () => false };
