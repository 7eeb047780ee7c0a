import { InterruptedError, systemFault, TitlesmithError } from './errors.js';

/** An error as plain data. `known`: a TitlesmithError, not a bug. */
export interface SerializedError {
  readonly known: boolean;
  readonly message: string;
  readonly code: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

/** Any thrown value as plain data; a fault of the system is known. */
export function serializeError(thrown: unknown): SerializedError {
  const error = systemFault(thrown);
  if (error instanceof TitlesmithError) {
    const { message, code, hint, stack } = error;
    return { known: true, message, code, hint, stack };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { known: false, message, code: 'internal', hint: undefined, stack };
}

/** The reverse of {@link serializeError}; the stack is that of the original. */
export function deserializeError(packed: SerializedError): Error {
  const { message, code, hint } = packed;
  let error: Error;
  if (!packed.known) error = new Error(message);
  else if (code === 'interrupted') error = new InterruptedError(message);
  else error = new TitlesmithError(message, { code, ...(hint === undefined ? {} : { hint }) });
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
