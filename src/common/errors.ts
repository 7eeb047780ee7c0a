import { toPrintable } from './printable.js';

interface TitlesmithErrorOptions {
  /** Stable, machine-readable name of the failure, for example `csv-unclosed-quote`. */
  code: string;
  /** What to do next, one sentence. Printed after the message, on the same line. */
  hint?: string;
  cause?: unknown;
}

/**
 * An error a person can act on: what is wrong, where, and what to do. The command line prints it as one line
 * without a stack trace; anything that is not a TitlesmithError is a bug in titlesmith.
 */
export class TitlesmithError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, options: TitlesmithErrorOptions) {
    super(message, { cause: options.cause });
    this.name = 'TitlesmithError';
    this.code = options.code;
    this.hint = options.hint;
  }

  /** The message and its hint as one line, control characters escaped so that hostile input cannot move the cursor. */
  toLine(): string {
    const line = this.hint ? `${this.message} ${this.hint}` : this.message;
    return toPrintable(line);
  }
}

/** A wrong flag or value: a TitlesmithError with code `usage`. `message` names the flag and the received value. */
export function usageError(message: string, hint?: string): TitlesmithError {
  return new TitlesmithError(message, {
    code: 'usage',
    ...(hint ? { hint } : {}),
  });
}

/** The work was stopped on request (Ctrl-C, SIGTERM); unless it says otherwise, everything finished so far is on disk. */
export class InterruptedError extends TitlesmithError {
  constructor(
    message = 'Interrupted; everything finished so far is saved.',
    hint = 'Run the same command again to go on.',
  ) {
    super(message, { code: 'interrupted', hint });
    this.name = 'InterruptedError';
  }
}

/** What to do where a part of titlesmith itself is missing or damaged. */
export const reinstall = 'Install titlesmith anew, for example with npm ci.';

/** A TitlesmithError that names what it is about; where it did not, `subject` is put before its message. Else the value itself. */
export function about(subject: string, error: unknown): unknown {
  if (!(error instanceof TitlesmithError) || error.message.includes(subject)) return error;
  const { message, code, hint } = error;
  return new TitlesmithError(`${subject}: ${message}`, { code, ...(hint ? { hint } : {}), cause: error });
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Why a request got no answer, as the deepest system error code behind it: `ENOTFOUND`, `ECONNRESET`, …; else its message. */
export function connectionReason(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = systemErrorCode(cause);
    if (code) return code;
    if (cause instanceof AggregateError && cause.errors.length > 0) return connectionReason(cause.errors[0]);
    if (cause.cause === undefined) return cause.message;
  }
  return String(error);
}

/**
 * Turns a file-system error into a TitlesmithError that names the path and the remedy; returns any other value unchanged.
 * @param action what was being done, in the infinitive: `read`, `write`, `create the folder`.
 */
export function fileError(action: string, path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === undefined || error instanceof TitlesmithError) return error;
  const rights = action.startsWith('read')
    ? 'Change its permissions, or name one that you may read.'
    : 'Choose a folder you may write to, or change its permissions.';
  const space = 'Free some space, then run the same command again.';
  const reasons: Record<string, [string, string]> = {
    ENOENT: ['no such file or folder', 'Check the path.'],
    EACCES: ['permission denied', rights],
    EPERM: ['operation not permitted', rights],
    EROFS: ['the file system is read-only', 'Choose another folder.'],
    ENOSPC: ['no space left on the device', space],
    EDQUOT: ['the space this account may use is full', space],
    ENAMETOOLONG: ['the name is too long', 'Choose a shorter one.'],
    ELOOP: ['its links lead in a circle', 'Check the path.'],
    EMFILE: ['titlesmith has too many files open', 'Raise the limit with ulimit -n.'],
    ENFILE: ['the machine has too many files open', 'Close other programs, then run the same command again.'],
    EIO: ['the disk or its connection failed', 'Check the disk.'],
    ENOTDIR: ['a part of the path is a file, not a folder', 'Choose another path.'],
    EISDIR: ['it is a folder, not a file', 'Name a file.'],
    EEXIST: ['a file of that name is in the way', 'Move it or choose another path.'],
  };
  const [reason, hint] = reasons[code] ?? [`${error instanceof Error ? error.message : String(error)}`, ''];
  return new TitlesmithError(`Cannot ${action} ${path}: ${reason}.`, {
    code: `file-${code.toLowerCase()}`,
    ...(hint ? { hint } : {}),
    cause: error,
  });
}

/** Whether a module is missing, or a native one is missing or damaged: the installation is not whole. */
export function isLoadFault(error: unknown): error is Error {
  const code = systemErrorCode(error) ?? '';
  return ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'].includes(code);
}

/** A fault of the system, such as of a file that is gone meanwhile, as an error that says so; any other value unchanged. */
export function systemFault(error: unknown): unknown {
  if (isLoadFault(error)) {
    const [said = ''] = error.message.split('\n');
    return new TitlesmithError(`A part of titlesmith cannot be loaded: ${said}.`, {
      code: 'installation',
      hint: reinstall,
      cause: error,
    });
  }
  if (!(error instanceof Error) || error instanceof TitlesmithError || !('syscall' in error)) return error;
  if (error.syscall === 'uv_cwd')
    return usageError('The current folder is no longer there.', 'Go to another one.');
  if ('path' in error && typeof error.path === 'string') return fileError('use', error.path, error);
  const code = systemErrorCode(error) ?? 'unknown';
  return new TitlesmithError(`The system refused a call: ${error.message}.`, {
    code: `system-${code.toLowerCase()}`,
    cause: error,
  });
}
