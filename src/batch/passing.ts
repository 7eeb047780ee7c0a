/**
 * Codes of errors that may pass by themselves, so that the same run is worth another try: a network that does not
 * answer, a server that is busy, a run that another process still holds, a process that was killed or
 * crashed, which goes on from what it saved.
 */
const passingCodes: ReadonlySet<string> = new Set([
  'bigquery-network',
  'bigquery-server',
  'bigquery-short',
  'bigquery-cancelled',
  'hub-unreachable',
  'hub-busy',
  'storage-network',
  'run-locked',
  'killed',
  'crashed',
]);

/** Whether an error of this code may pass. */
export function mayPass(code: string): boolean {
  return passingCodes.has(code);
}

/**
 * Seconds to wait before a try: doubled each time, and up to a quarter longer by chance, so that many machines that
 * failed together do not come back together.
 * @param failures tries that failed so far, at least 1.
 * @param chance uniform in [0, 1).
 */
export function pauseBefore(failures: number, firstPause: number, chance: number): number {
  return firstPause * 2 ** (failures - 1) * (1 + chance / 4);
}
