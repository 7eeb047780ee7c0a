import { memorySource } from '../../io/byte-source.js';
import type { FileContent, FileStore } from './file-store.js';

const encoder = new TextEncoder();

/** The bytes of a content together. */
async function gathered(content: FileContent): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of content) {
    // A copy, as a chunk may be overwritten once the next is asked for.
    const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : Uint8Array.from(chunk);
    parts.push(bytes);
    length += bytes.length;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Files in memory alone: for tests, and for browsers that keep none. They end with the tab. */
export class MemoryStore implements FileStore {
  private readonly files = new Map<string, Uint8Array>();

  async list(below?: string): Promise<{ path: string; bytes: number }[]> {
    return [...this.files]
      .filter(([path]) => below === undefined || path.startsWith(`${below}/`))
      .map(([path, { length }]) => ({ path, bytes: length }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async open(path: string) {
    const bytes = this.files.get(path);
    return bytes && memorySource(path, bytes);
  }

  async write(path: string, content: FileContent): Promise<void> {
    this.files.set(path, await gathered(content));
  }

  async move(from: string, to: string): Promise<void> {
    const bytes = this.files.get(from);
    if (!bytes) throw new RangeError(`no file ${from}`);
    this.files.delete(from);
    this.files.set(to, bytes);
  }

  async remove(path: string): Promise<void> {
    for (const file of [...this.files.keys()])
      if (file === path || file.startsWith(`${path}/`)) this.files.delete(file);
  }
}
