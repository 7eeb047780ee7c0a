import { spawn } from 'node:child_process';
import { findProgram, freePort } from '../programs.js';

/** Where fsouza/fake-gcs-server is; undefined where nowhere. */
export const findFakeStorage = (): string | undefined => findProgram('fake-gcs-server', 'FAKE_GCS_SERVER');

export interface FakeStorage {
  /** What STORAGE_EMULATOR_HOST takes. */
  readonly address: string;
  stop(): void;
}

/** Starts Cloud Storage's stand-in with one bucket, in memory. */
export async function startFakeStorage(program: string, bucket: string): Promise<FakeStorage> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const flags = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'];
  const child = spawn(program, [...flags, '-external-url', address], { stdio: 'ignore' });
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`fake-gcs-server ended with ${code}.`)));
  });
  ended.catch(() => {});
  const made = async (): Promise<void> => {
    for (;;) {
      const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const body = JSON.stringify({ name: bucket });
      const answer = await fetch(`${address}/storage/v1/b`, { ...options, body }).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.race([made(), ended]);
  return { address, stop: () => child.kill() };
}
