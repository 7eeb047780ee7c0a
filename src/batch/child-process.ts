import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { toPrintable } from '../common/printable.js';
import { controlGroupMemory } from '../io/control-group.js';
import { LineSplitter } from '../io/lines.js';
import { type OptionName, optionNames, type RunOptions, rowOf } from '../options/option-table.js';
import { flagOf } from '../options/option-values.js';

/** How long a process may take to save after SIGTERM, before SIGKILL. */
const saveTimeoutMs = 60_000;
/** Characters kept from the end of standard error. */
const stderrTailLength = 4000;

/** Longer `--json` lines are ignored, in bytes; events are far shorter. */
const longestLineBytes = 2 ** 24;

/** A line of `--json`. */
export type ChildEvent = Readonly<Record<string, unknown>>;

/** An error from the `--json` output. */
export interface ChildError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** The run it concerns, if the process had several. */
  readonly run?: string;
}

export interface ChildOutcome {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  /** The signal that ended it; null if none did. */
  readonly signal: NodeJS.Signals | null;
  /** Whether memory ran out: the kernel's OOM killer was at work meanwhile, or the JavaScript heap was full. */
  readonly ranOutOfMemory: boolean;
  /** Its errors, in order. */
  readonly errors: readonly ChildError[];
  /** The last `result` line. */
  readonly result: ChildEvent | undefined;
  readonly end: 'exit' | 'signal' | 'deadline' | 'stopped';
}

interface ChildOptions {
  /** The command line's entry file. */
  readonly entry: string;
  /** Seconds after which it is stopped. */
  readonly deadline: number | undefined;
  /** Its output is appended to this file, except for progress. */
  readonly logPath: string;
  /** Makes it save and stop. */
  readonly stop: AbortSignal;
  readonly onEvent: (event: ChildEvent) => void;
}

function parseLine(line: string): ChildEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as ChildEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** The line of a stack trace that has the error's message; the log has the rest. */
function errorLine(message: string): string {
  const lines = message.split('\n');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? message;
}

function toError({ code, message, hint, run }: ChildEvent): ChildError {
  const isBug = code === 'internal';
  const said = typeof message === 'string' ? message : 'no reason is given';
  return {
    code: typeof code === 'string' ? code : 'unknown',
    message: isBug ? `Internal error, a bug in titlesmith: ${errorLine(said)}` : said,
    hint: typeof hint === 'string' ? hint : isBug ? 'All of it stands in .batch/logs.' : null,
    ...(typeof run === 'string' ? { run } : {}),
  };
}

/**
 * Sends SIGTERM, so that the process saves; SIGKILL if it has not ended after {@link saveTimeoutMs}. Windows has no signals that a
 * process can answer: there its channel is closed, which it takes for one.
 */
export function stopGracefully(
  child: ChildProcess,
  platform: NodeJS.Platform = process.platform,
): NodeJS.Timeout {
  if (platform === 'win32' && child.connected) child.disconnect();
  else child.kill('SIGTERM');
  return setTimeout(() => child.kill('SIGKILL'), saveTimeoutMs).unref();
}

/**
 * Runs a titlesmith command as a child process in its own process group, so that Ctrl-C reaches it only through its
 * parent. It has an IPC channel to its parent and stops when the channel closes.
 * @returns how it ended; does not throw when it fails.
 */
export async function runChild(
  arguments_: readonly string[],
  { entry, deadline, logPath, stop, onEvent }: ChildOptions,
): Promise<ChildOutcome> {
  const child = spawn(process.execPath, [...process.execArgv, entry, ...arguments_], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
  });
  const killsBefore = controlGroupMemory().kills;
  const log = createWriteStream(logPath, { flags: 'a' });
  // A log that cannot be written, say on a full disk, does not stop the run.
  log.on('error', () => {});
  log.write(`${new Date().toISOString()} ${toPrintable(arguments_.join(' '))}\n`);
  const errors: ChildError[] = [];
  let result: ChildEvent | undefined;
  let stderr = '';
  let end: ChildOutcome['end'] = 'exit';
  let killer: NodeJS.Timeout | undefined;
  const stopFor = (reason: 'deadline' | 'stopped') => (): void => {
    if (killer) return;
    end = reason;
    killer = stopGracefully(child);
  };
  const onStop = stopFor('stopped');
  const timer =
    deadline === undefined
      ? undefined
      : setTimeout(stopFor('deadline'), Math.min(1000 * deadline, 2 ** 31 - 1));
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrTailLength);
    log.write(text);
  });
  const decoder = new TextDecoder();
  const onLine = (bytes: Uint8Array, start: number, end: number): void => {
    const line = decoder.decode(bytes.subarray(start, end));
    const event = parseLine(line);
    if (event?.kind !== 'progress') log.write(`${line}\n`);
    if (!event) return;
    if (event.kind === 'error') errors.push(toError(event));
    if (event.kind === 'result') result = event;
    onEvent(event);
  };
  const splitter = new LineSplitter(longestLineBytes, onLine, () => {});
  child.stdout?.on('data', (chunk: Buffer) => splitter.push(chunk)).on('end', () => splitter.finish());
  try {
    const { code, signal } = await new Promise<Pick<ChildOutcome, 'code' | 'signal'>>((resolve) => {
      child.on('error', (error) => {
        errors.push({ code: 'spawn', message: error.message, hint: null });
        resolve({ code: 1, signal: null });
      });
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    if (code === null && end === 'exit') end = 'signal';
    // A run refused by --fail-on-overfit says so in its result.
    const isExplained = code === 0 || errors.length > 0 || result?.['overfits'] === true;
    if (!isExplained && end === 'exit') {
      const [line = 'it ended without a word'] = stderr.trim().split('\n').slice(-1);
      errors.push({ code: 'internal', message: line, hint: null });
    }
    const wasKilled = signal === 'SIGKILL' && controlGroupMemory().kills > killsBefore;
    const ranOutOfMemory = wasKilled || (signal !== null && stderr.includes('heap out of memory'));
    return { code, signal, ranOutOfMemory, errors, result, end };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    stop.removeEventListener('abort', onStop);
    log.end();
  }
}

/** Options as arguments of the command line. */
export function toArguments(options: Partial<RunOptions>): string[] {
  return optionNames.flatMap((name) => argumentsOf(name, options[name]));
}

function argumentsOf(name: OptionName, value: unknown): string[] {
  const { type, list } = rowOf(name);
  if (value === undefined) return [];
  if (type === 'switch') return value === true ? [flagOf(name)] : [];
  // After an equals sign a value is never taken for a flag.
  const items: readonly unknown[] = list && Array.isArray(value) ? value : [value];
  return items.map((item) => `${flagOf(name)}=${String(item)}`);
}
