import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { TitlesmithError } from '../common/errors.js';
import type { BatchRecord } from '../report/batch/batch-record.js';
import { pauseBefore } from './passing.js';

/** What a notification says. `text` is what chat services show. */
export interface BatchSummary {
  readonly text: string;
  readonly batch: BatchRecord;
}

const [attempts, firstPauseSeconds, answerMs] = [4, 1, 15_000];

async function post(url: string, body: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    let fault: string;
    let passes = true;
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(answerMs),
      });
      if (answer.ok) return;
      fault = `status ${answer.status}`;
      passes = answer.status === 429 || answer.status >= 500;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      fault = cause instanceof Error ? cause.message : String(cause);
    }
    if (!passes || attempt >= attempts) throw notifyError(new URL(url).origin, fault);
    await delay(1000 * pauseBefore(attempt, firstPauseSeconds, Math.random()));
  }
}

function notifyError(whom: string, fault: string): TitlesmithError {
  return new TitlesmithError(`Nobody was notified: ${whom}: ${fault}.`, { code: 'notify' });
}

async function runCommand(command: string, body: string): Promise<void> {
  const child = spawn(command, { shell: true, stdio: ['pipe', 2, 2] });
  // A command that does not read what it is told has every right to.
  child.stdin?.on('error', () => {});
  child.stdin?.end(body);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw notifyError(command, `it ended with ${code}`);
}

/**
 * Tells a URL (POST, JSON) or a command (JSON on its standard input; what it prints goes to standard error) that a batch
 * has ended. A URL that does not answer, or answers 429 or 5xx, is tried again.
 * @throws TitlesmithError when nobody could be told.
 */
export async function notify(target: string, summary: BatchSummary): Promise<void> {
  const body = `${JSON.stringify(summary)}\n`;
  if (/^https?:\/\//i.test(target)) await post(target, body);
  else await runCommand(target, body);
}
