import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A Python with torch and transformers, where the person names one; tests that need it skip otherwise. */
export const oraclePython: string | undefined = process.env['TITLESMITH_ORACLE_PYTHON'] || undefined;

if (oraclePython === undefined) {
  console.info(
    'Tests against Python are skipped: TITLESMITH_ORACLE_PYTHON names no Python with transformers.',
  );
}

const run = promisify(execFile);

/**
 * Runs a script of this folder. @returns what it printed, without white space around it.
 * @throws when it fails, with what it wrote to standard error.
 */
export async function runOracle(
  script: string,
  arguments_: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment };
  const { stdout } = await run(oraclePython ?? 'python3', [path, ...arguments_], { env, maxBuffer: 1 << 26 });
  return stdout.trim();
}
