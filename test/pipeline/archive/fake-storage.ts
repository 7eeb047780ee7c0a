import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../../../src/common/package-root.js';

const name = 'fake-gcs-server';

/** Where fsouza/fake-gcs-server is: FAKE_GCS_SERVER, `.cache/bin`, Go's folder or the PATH; undefined where nowhere. */
export function findFakeStorage(): string | undefined {
  const folders = [
    join(packageRoot, '.cache/bin'),
    join(homedir(), 'go/bin'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const named = process.env['FAKE_GCS_SERVER'];
  return [...(named ? [named] : []), ...folders.map((folder) => join(folder, name))].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

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
    child.on('exit', (code) => reject(new Error(`${name} ended with ${code}.`)));
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
