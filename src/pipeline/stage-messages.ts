import { type ExitCode, InterruptedError, TitlesmithError } from '../common/errors.js';
import type { ProgressEvent } from '../common/progress.js';
import type { StageCounts } from './manifest.js';
import type { StageJob } from './stages/contract.js';

/** What a stage's thread is started with. */
export interface StageWorkerData {
  readonly job: StageJob;
  /** One Int32; not 0 once the work should stop. Shared, as the thread may be too busy to receive messages. */
  readonly stopFlag: SharedArrayBuffer;
}

/** An error as plain data. `known` tells a TitlesmithError from a bug. */
export interface ErrorMessage {
  readonly known: boolean;
  readonly message: string;
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
  readonly stack: string | undefined;
}

/** What a stage's thread sends. */
export type StageMessage =
  | { readonly kind: 'event'; readonly event: ProgressEvent }
  | { readonly kind: 'done'; readonly counts: StageCounts }
  | { readonly kind: 'failed'; readonly error: ErrorMessage };

/** Any thrown value as plain data. */
export function packError(error: unknown): ErrorMessage {
  if (error instanceof TitlesmithError) {
    const { message, code, hint, exitCode, stack } = error;
    return { known: true, message, code, hint, exitCode, stack };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { known: false, message, code: 'internal', hint: undefined, exitCode: 1, stack };
}

/** The reverse of {@link packError}; the stack stays that of the thread. */
export function unpackError(packed: ErrorMessage): Error {
  const { message, code, hint, exitCode } = packed;
  let error: Error;
  if (!packed.known) error = new Error(message);
  else if (code === 'interrupted') error = new InterruptedError(message);
  else error = new TitlesmithError(message, { code, exitCode, ...(hint === undefined ? {} : { hint }) });
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
