import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A server of its own process, which said that it is ready. */
export interface ServerProcess {
  readonly url: string;
  /** Resident memory of the process, in megabytes; undefined where /proc is not there. */
  memory(): number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a program and waits for a line of its output with `"url":"http://…/"`.
 * @throws Error with the end of its output when it ends before.
 */
export async function startServer(command: string, list: readonly string[]): Promise<ServerProcess> {
  const child: ChildProcess = spawn(command, list, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
      const found = /"url":"(http:[^"]+\/)"/.exec(said)?.[1];
      if (found) resolve(found);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${said.slice(-2000)}`)));
  });
  const status = `/proc/${child.pid}/status`;
  return {
    url,
    memory: () => {
      if (!existsSync(status)) return undefined;
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(status, 'utf8'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}
