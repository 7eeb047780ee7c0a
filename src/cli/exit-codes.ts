import { InterruptedError, TitlesmithError } from '../common/errors.js';

/** Exit codes of the process. Scripts rely on them. That of an unread output is what a shell shows of a process that SIGPIPE ended. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  overfit: 3,
  interrupted: 130,
  unread: 141,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return exitCodes.interrupted;
  const isUsage = error instanceof TitlesmithError && error.code === 'usage';
  return isUsage ? exitCodes.usage : exitCodes.failed;
}
