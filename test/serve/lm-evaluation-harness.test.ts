import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { oraclePython, runOracle } from '../oracles/python.js';
import { makeRun, serve } from './serve-run.js';

/** Whether the Python that tests compare with has lm-evaluation-harness (`pip install 'lm-eval[api]'`). */
function hasHarness(): boolean {
  if (oraclePython === undefined) return false;
  try {
    execFileSync(oraclePython, ['-c', 'import importlib.util as u; assert u.find_spec("lm_eval")'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    console.info('The test of lm-evaluation-harness is skipped: TITLESMITH_ORACLE_PYTHON has no lm_eval.');
    return false;
  }
}

/** What is found of each document. */
interface Found {
  /** Of its choices: ln p, and whether greedy decoding gives it. */
  readonly choices: readonly (readonly (readonly [number, boolean])[])[];
  /** ln p of a text. */
  readonly whole: readonly number[];
  /** How greedy decoding goes on. */
  readonly continued: readonly string[];
}

test.skipIf(!hasHarness())(
  'lm-evaluation-harness finds of the served model what Hugging Face finds: log-likelihoods and greedy texts',
  { timeout: 300_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'titlesmith-harness-'));
    try {
      const run = await makeRun();
      const { url } = await serve(run, ['--capacity', '256', '--slots', '16']);
      const offline = { HF_HUB_OFFLINE: '1', HF_DATASETS_OFFLINE: '1', HF_HOME: join(folder, 'cache') };
      const printed = await runOracle('lm-eval/harness.py', [url, `${run}/checkpoint`, folder], offline);
      const { served, huggingface } = JSON.parse(printed.split('\n').at(-1)!) as Readonly<
        Record<'served' | 'huggingface', Found>
      >;
      expect(served.choices.length).toBe(3);
      for (const [index, choices] of huggingface.choices.entries()) {
        for (const [choice, [expected, greedy]] of choices.entries()) {
          const [value, isGreedy] = served.choices[index]![choice]!;
          expect(Math.abs(value - expected)).toBeLessThan(1e-4);
          expect(isGreedy).toBe(greedy);
        }
        expect(Math.abs(served.whole[index]! - huggingface.whole[index]!)).toBeLessThan(1e-4);
      }
      expect(served.continued).toEqual(huggingface.continued);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
