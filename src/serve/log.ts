import { toPrintable } from '../common/printable.js';

/** Severities as Google Cloud Logging spells them. */
export type Severity = 'INFO' | 'WARNING' | 'ERROR';

/** Writes what happens, a line each. */
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * `json`: one object a line, its keys those that Google Cloud Logging and most others read. `text`: for people. A line
 * holds no more than it is given.
 */
export function createLog(format: 'json' | 'text' | 'off', output: NodeJS.WritableStream): Log {
  return (severity, message, fields = {}) => {
    if (format === 'off') return;
    const time = new Date().toISOString();
    if (format === 'json') {
      output.write(`${JSON.stringify({ severity, time, message, ...fields })}\n`);
      return;
    }
    const kind = severity === 'INFO' ? '' : `${severity.toLowerCase()}: `;
    output.write(`${time.slice(11, 19)} ${kind}${toPrintable(message)}\n`);
  };
}
