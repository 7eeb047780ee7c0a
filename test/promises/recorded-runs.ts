import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { collect } from '../../src/common/collect.js';
import { packageRoot } from '../../src/io/package-root.js';
import { readTar } from '../../src/io/tar.js';

/** What version 1.0 wrote, by the tools `recorded-runs` and `recorded-types`. It is never made anew. */
const folder = join(packageRoot, 'test/promises/1.0');

type RecordedName = 'finished' | 'stopped' | 'kept' | 'browser' | 'types';

/** The path of an archive. */
export const recordedPath = (name: RecordedName): string => join(folder, `${name}.tar.gz`);

/** The files of an archive, by their paths in it. */
export async function recordedFiles(name: RecordedName): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const { name: path, content } of readTar(
    createReadStream(recordedPath(name)).pipe(createGunzip()),
  ))
    files.set(path, Buffer.concat(await collect(content)));
  return files;
}

/** Puts the files of an archive below a folder, as they are. */
export async function unpackRecorded(name: RecordedName, target: string): Promise<void> {
  for (const [path, content] of await recordedFiles(name)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), content);
  }
}
