import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A file of the site as it was written. */
export interface WrittenFile {
  readonly path: string;
  /** On disk. */
  readonly bytes: number;
  /** As a host transfers it that compresses, and one that does so by brotli. */
  readonly gzip: number;
  readonly brotli: number;
}

/** Of files that are packed by gzip; no ending that a host would take for an encoding of its own. */
export const packedEnding = '.packed';

/** The folder that a site is written into, anew. */
export class SiteFolder {
  readonly written: WrittenFile[] = [];

  constructor(private readonly folder: string) {
    rmSync(folder, { recursive: true, force: true });
  }

  write(path: string, given: Uint8Array | string): void {
    const content = typeof given === 'string' ? Buffer.from(given) : given;
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    const bytes = content.length;
    const isPacked = path.endsWith(packedEnding);
    const gzip = isPacked ? bytes : gzipSync(content).length;
    const brotli = isPacked ? bytes : brotliCompressSync(content).length;
    this.written.push({ path, bytes, gzip, brotli });
  }

  /** Writes under a name that holds the content's hash, so that it may be kept for ever. @returns the path. */
  writeHashed(name: string, content: Uint8Array): string {
    const path = hashedName(name, content);
    this.write(path, content);
    return path;
  }
}

/** `page.js` → `page-0123456789.js`. */
function hashedName(name: string, content: Uint8Array): string {
  const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
  return `${name.slice(0, dot)}-${hashOf(content)}${name.slice(dot)}`;
}

/** Ten hexadecimal digits of the SHA-256 of all contents, one after the other. */
export function hashOf(...contents: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content);
  return hash.digest('hex').slice(0, 10);
}

/** The source of a Content-Security-Policy that allows exactly this inline text. */
export function sourceHash(content: Uint8Array): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

/** The gzip header's byte for the operating system (RFC 1952, 2.3.1): unknown, wherever it is written. */
const operatingSystem = { offset: 9, unknown: 255 } as const;

/** Packed by gzip, the same bytes on every machine. */
export function packed(content: Uint8Array): Uint8Array {
  const bytes = gzipSync(content);
  bytes[operatingSystem.offset] = operatingSystem.unknown;
  return bytes;
}
