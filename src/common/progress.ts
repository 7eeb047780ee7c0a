/** Where an event comes from: the run, if there are several, and its stage. */
export interface EventScope {
  readonly run?: string;
  readonly stage?: string;
}

/**
 * An event of long-running work. Plain data, so that it crosses threads and becomes a bar on a terminal, a line in
 * a log or a JSON line.
 */
export type ProgressEvent = EventScope & EventContent;

type EventContent =
  /** A fact worth a line of its own: a choice that was made, a count. */
  | { readonly kind: 'note'; readonly message: string }
  /** Something a person should look at, though the work goes on. */
  | { readonly kind: 'warning'; readonly message: string }
  /**
   * `done` of `total` units of work (`total` undefined where it cannot be known); `detail` is shown after the bar. `loss` is what
   * training measured, in nats per token.
   */
  | {
      readonly kind: 'progress';
      readonly label: string;
      readonly done: number;
      readonly total?: number;
      readonly unit: string;
      readonly detail?: string;
      readonly loss?: number;
    };

export type ProgressListener = (event: ProgressEvent) => void;

/** Passed to long-running work by its caller: a listener for its progress, and a signal to stop it. */
export interface WorkContext {
  readonly onProgress: ProgressListener;
  /**
   * Aborted once the work should stop (Ctrl-C, SIGTERM): checked between steps, never within one. The work
   * then saves and throws InterruptedError. An AbortSignal, or an object with the same property.
   */
  readonly signal: { readonly aborted: boolean };
}

/** A context that reports nothing and never stops, for library use and tests. */
export const silentContext: { readonly onProgress: () => void; readonly signal: AbortSignal } = {
  onProgress: () => {},
  signal: new AbortController().signal,
};

/** A listener that adds `scope` to events without one, and passes them to `listener`. */
export function scoped(listener: ProgressListener, scope: EventScope): ProgressListener {
  return (event) => listener({ ...scope, ...event });
}
