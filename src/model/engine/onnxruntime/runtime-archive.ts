import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { systemErrorCode } from '../../../common/errors.js';
import { writeChunksAtomic } from '../../../io/atomic-file.js';
import { decompress } from '../../../io/compression/compressed-stream.js';
import { readTar } from '../../../io/tar.js';
import { folderInPackage, type RuntimeFile, thisSystem } from './runtime-files.js';

/** The archive ended before the files that are wanted of it. */
export class ArchiveCutShort extends Error {}

/** What an archive may unpack to: the package has 300 MB. */
const mostUnpackedBytes = 400e6;

/**
 * Writes files of onnxruntime-node's archive into a folder, and stops reading once it has them. Each gets its name only when its
 * length and its hash are right.
 * @param archive bytes of the package's `.tgz`.
 * @param files of this system.
 * @throws ArchiveCutShort; Error saying what is wrong with the archive; TitlesmithError when a file cannot be written.
 */
export async function unpackRuntime(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  files: readonly RuntimeFile[],
): Promise<void> {
  const within = `package/${folderInPackage(thisSystem)}`;
  const wanted = new Map(files.map((file) => [`${within}/${file.name}`, file]));
  try {
    for await (const { name, type, content } of readTar(bounded(decompress(archive)))) {
      const file = type === 'file' ? wanted.get(name) : undefined;
      if (!file) {
        for await (const chunk of content) void chunk;
        continue;
      }
      await writeChunksAtomic(join(folder, file.name), checked(content, file));
      wanted.delete(name);
      if (wanted.size === 0) return;
    }
  } catch (error) {
    const isCut = systemErrorCode(error) === 'Z_BUF_ERROR' || /Tar archive is truncated/.test(`${error}`);
    if (!isCut) throw error;
  }
  throw new ArchiveCutShort(`its archive ends without ${[...wanted.values()][0]!.name}`);
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostUnpackedBytes) throw new Error('its archive unpacks to more than the package has');
    yield chunk;
  }
}

/** The bytes of a file. @throws Error at their end, where length or hash are others than announced. */
async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  { name, bytes, sha256 }: RuntimeFile,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > bytes) break;
    hash.update(chunk);
    yield chunk;
  }
  if (length !== bytes || hash.digest('hex') !== sha256)
    throw new Error(`${name} in its archive is not the file that titlesmith knows by its hash`);
}
