/** Where an event comes from: the run, named where there are several, and the stage it is in. */
export interface EventScope {
  readonly run?: string;
  readonly stage?: string;
}

/**
 * What long work tells its caller. Plain data, so that it crosses threads and becomes a bar on a terminal, a line in
 * a log or a JSON line.
 */
export type ProgressEvent = EventScope & EventContent;

type EventContent =
  /** A fact worth a line of its own: a choice that was made, a count. */
  | { readonly kind: 'note'; readonly message: string }
  /** Something a person should look at, though the work goes on. */
  | { readonly kind: 'warning'; readonly message: string }
  /** `done` of `total` units of work (`total` undefined where it cannot be known); `detail` is shown behind the bar. */
  | {
      readonly kind: 'progress';
      readonly label: string;
      readonly done: number;
      readonly total?: number;
      readonly unit: string;
      readonly detail?: string;
    };

export type ProgressListener = (event: ProgressEvent) => void;

/** What long work is given by its caller: whom to tell of its progress, and how it learns that it should stop. */
export interface WorkContext {
  readonly onProgress: ProgressListener;
  /**
   * Aborted once the work should stop (Ctrl-C, SIGTERM): asked between steps, never in the middle of one. Work then
   * saves and throws InterruptedError. An AbortSignal, or what answers like one.
   */
  readonly signal: { readonly aborted: boolean };
}

/** A context that reports nothing and never stops, for library use and tests. */
export const silentContext: { readonly onProgress: () => void; readonly signal: AbortSignal } = {
  onProgress: () => {},
  signal: new AbortController().signal,
};

/** A listener that tells `listener` of events as coming from `scope`, unless they name another. */
export function scoped(listener: ProgressListener, scope: EventScope): ProgressListener {
  return (event) => listener({ ...scope, ...event });
}
