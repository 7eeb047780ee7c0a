import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, expect } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { outputFaults } from './output-schema.js';

const entry = join(packageRoot, 'dist/cli.js');

export interface Finished {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly finished: Promise<Finished>;
  /** Resolves once standard output has matched; rejects when the process ends before it has. */
  outputMatches(pattern: RegExp): Promise<void>;
}

/** An environment without Google credentials or the Hugging Face hub, colours or npm's settings, so that tests behave alike everywhere. */
function environment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    NO_COLOR: '1',
    METADATA_SERVER_DETECTION: 'none',
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
    HF_HUB_OFFLINE: '1',
  };
}

/** Processes that a test which failed left behind. */
const running = new Set<Started['child']>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts the built command line as its own process.
 * @param through a command that is given the command line to execute, such as `env`.
 */
export function startCli(
  arguments_: readonly string[],
  cwd: string,
  extra: NodeJS.ProcessEnv = {},
  through: readonly string[] = [],
): Started {
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run npm run build first.`);
  const env = { ...environment(cwd), ...extra };
  const [program, ...rest] = [...through, process.execPath, entry, ...arguments_];
  const child = spawn(program!, rest, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.on('close', () => running.delete(child));
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      // Whatever a test is about: what programs read is as docs/output.schema.json says.
      try {
        const faults = arguments_.includes('--json') ? outputFaults(arguments_, output) : [];
        expect(faults, 'not as docs/output.schema.json says').toEqual([]);
        resolve({ code, signal, output, errors });
      } catch (error) {
        reject(error);
      }
    });
  });
  const outputMatches = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (pattern.test(output)) resolve();
      };
      child.stdout.on('data', check);
      child.on('close', () => reject(new Error(`The process ended without ${pattern}:\n${output}${errors}`)));
      check();
    });
  return { child, finished, outputMatches };
}

/** Runs the built command line to its end. */
export function runCli(
  arguments_: readonly string[],
  cwd: string,
  extra: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return startCli(arguments_, cwd, extra).finished;
}

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The last line of standard error. */
export function lastLine(finished: Finished): string {
  return finished.errors.trimEnd().split('\n').at(-1) ?? '';
}

/** A moment in the life of a process, and what it does then to itself: see moments.mjs. */
export type Moment =
  | {
      /** What it prints; after a moment before, from there on. */
      readonly output: RegExp;
      readonly signal: NodeJS.Signals;
    }
  | {
      /** When the timer rings; never where left out. */
      readonly output?: RegExp;
      /** A timer of the main thread that is set for so many milliseconds, which does not ring by the clock. */
      readonly timer: number;
    }
  | {
      /** Sleeps of the main thread for so many milliseconds are short, at any moment. */
      readonly sleep: number;
    }
  | {
      /** End of a file's name: as soon as the stage holds so many bytes of it, where it opens it for so manieth time. */
      readonly file: string;
      readonly opening: number;
      readonly bytes: number;
      readonly signal: NodeJS.Signals;
    }
  | {
      /** Before the so manieth time that a stage, or the thread that runs the stages, changes a file. */
      readonly operation: number;
      readonly thread?: 'main';
      readonly signal: NodeJS.Signals;
    }
  | {
      /** From the so manieth time on that it changes a file, no file can be written. */
      readonly operation: number;
      readonly thread?: 'main';
      readonly error: 'ENOSPC' | 'EIO';
    };

/**
 * The environment of a process that does something to itself at some moments, those told by its output in this order. It must
 * be started by this process directly; those that it starts are left alone.
 */
export function atMoments(...moments: readonly Moment[]): NodeJS.ProcessEnv {
  const plain = moments.map((moment) =>
    'output' in moment ? { ...moment, output: moment.output?.source } : moment,
  );
  return {
    NODE_OPTIONS: `--import=${new URL('./moments.mjs', import.meta.url).href}`,
    TITLESMITH_TEST_MOMENTS: JSON.stringify({ parent: process.pid, moments: plain }),
  };
}

/** Does something while a process stands that stopped itself by SIGSTOP, and lets it go on; Linux only. */
export async function whileStopped({ child }: Started, act: () => void): Promise<void> {
  // The state, proc(5), /proc/PID/stat field 3.
  await expect
    .poll(() => /\) (\w)/.exec(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))?.[1], { message: 'state' })
    .toBe('T');
  act();
  child.kill('SIGCONT');
}
