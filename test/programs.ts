import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../src/io/package-root.js';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a program is: what the environment variable names, `.cache/bin`, Go's folder or the PATH; undefined where nowhere. */
export function findProgram(name: string, variable: string): string | undefined {
  const folders = [
    join(packageRoot, '.cache/bin'),
    join(homedir(), 'go/bin'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const named = process.env[variable];
  return [...(named ? [named] : []), ...folders.map((folder) => join(folder, name))].find(isProgram);
}

/** A word as POSIX's shells read it back, whatever it holds. */
export const shellWord = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** A port of this machine on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
