import { spawn } from 'node:child_process';
import { TitlesmithError } from '../common/errors.js';
import { type RetryPolicy, retry } from '../common/retry.js';
import type { BatchRecord } from '../report/batch/batch-record.js';

/** Body of a notification. `text` is shown by chat services. */
interface BatchSummary {
  readonly text: string;
  readonly batch: BatchRecord;
}

const policy: RetryPolicy = { attempts: 4, firstPauseMs: 1000 };
const answerMs = 15_000;

/** A notification was not accepted: an error status, or no response. */
class PostError extends Error {
  constructor(
    message: string,
    readonly isTransient: boolean,
  ) {
    super(message);
  }
}

async function postOnce(url: string, body: string): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(answerMs),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new PostError(cause instanceof Error ? cause.message : String(cause), true);
  }
  if (answer.ok) return;
  throw new PostError(`status ${answer.status}`, answer.status === 429 || answer.status >= 500);
}

async function post(url: string, body: string): Promise<void> {
  const isTransient = (error: unknown): boolean => error instanceof PostError && error.isTransient;
  try {
    await retry(() => postOnce(url, body), policy, { isTransient });
  } catch (error) {
    throw error instanceof PostError ? notifyError(new URL(url).origin, error.message) : error;
  }
}

function notifyError(whom: string, fault: string): TitlesmithError {
  return new TitlesmithError(`Nobody was notified: ${whom}: ${fault}.`, { code: 'notify' });
}

async function runCommand(command: string, body: string): Promise<void> {
  const child = spawn(command, { shell: true, stdio: ['pipe', 2, 2] });
  // The command need not read its standard input.
  child.stdin?.on('error', () => {});
  child.stdin?.end(body);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw notifyError(command, `it ended with ${code}`);
}

/**
 * Sends the end of a batch to a URL (POST, JSON) or a command (JSON on its standard input; its output goes to standard
 * error). Retries a URL that does not respond, or responds with 429 or 5xx.
 * @throws TitlesmithError when the notification could not be delivered.
 */
export async function notify(target: string, summary: BatchSummary): Promise<void> {
  const body = `${JSON.stringify(summary)}\n`;
  if (/^https?:\/\//i.test(target)) await post(target, body);
  else await runCommand(target, body);
}
