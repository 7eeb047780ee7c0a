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
