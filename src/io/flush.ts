import { fdatasync, fsync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';

// By the descriptor, not by the handle's own methods: under Yarn's Plug'n'Play handles are Yarn's, which have none.
const [syncDescriptor, syncDescriptorData] = [promisify(fsync), promisify(fdatasync)];

/** Flushes a file to disk, with what the system knows of it. @throws Error of the file system. */
export const syncFile = ({ fd }: FileHandle): Promise<void> => syncDescriptor(fd);

/** Flushes what a file holds to disk. @throws Error of the file system. */
export const syncData = ({ fd }: FileHandle): Promise<void> => syncDescriptorData(fd);

/**
 * Flushes a folder's table of entries, so that a new or renamed file survives a power cut. Does nothing on Windows, where
 * folders cannot be opened.
 * @throws Error of the file system.
 */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await syncFile(handle);
  } finally {
    await handle.close();
  }
}
