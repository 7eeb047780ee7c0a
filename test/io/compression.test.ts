import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readDecompressed } from '../../src/io/compression/compressed-file.js';
import { compress, decompress } from '../../src/io/compression/compressed-stream.js';
import { detectCompression } from '../../src/io/compression/compression-kind.js';
import { availableZstdDecoders, type ZstdDecoder } from '../../src/io/compression/zstd.js';
import { frameEnd } from '../../src/io/compression/zstd-frame.js';
import { failureLine, temporaryFolder, write } from '../data/sources/helpers.js';

const folder = temporaryFolder();
let serial = 0;
const file = (content: string | Uint8Array, name = 'ndjson'): string => {
  serial += 1;
  return write(folder, `${serial}.${name}`, content);
};

const content = Buffer.from(
  Array.from(
    { length: 3000 },
    (_, index) => `{"title":"Title number ${index}","score":${index ** 2}}\n`,
  ).join(''),
);
const hasZstd = spawnSync('zstd', ['--version']).status === 0;
if (!hasZstd) console.warn('No program zstd: tests of its files are skipped.');
const zstd = (bytes: Uint8Array, ...flags: string[]): Buffer =>
  spawnSync('zstd', ['-qc', ...flags], { input: bytes, maxBuffer: 2 ** 28 }).stdout;

/** All bytes of chunks, each copied before the next is asked for. */
async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const chunk of chunks) copies.push(Buffer.from(chunk));
  return Buffer.concat(copies);
}

const decompressed = (path: string, decoder?: ZstdDecoder): Promise<Buffer> =>
  joined(readDecompressed(path, decoder));

describe('compressed files', () => {
  test('are told by their first bytes, not by their names', async () => {
    expect(await decompressed(file(content))).toEqual(content);
    expect(await decompressed(file(gzipSync(content)))).toEqual(content);
    const twice = file(Buffer.concat([gzipSync(content), gzipSync(content)]), 'gz');
    expect(await decompressed(twice)).toHaveLength(2 * content.length);
    expect(await failureLine(() => decompressed(file(content, 'ndjson.zst')))).toMatch(
      /it is not a zstd file/,
    );
    expect(await failureLine(() => decompressed(file(content, 'csv.gz')))).toMatch(/it is not a gzip file/);
  });

  test('and pipes are read once', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [read] = await Promise.all([decompressed(pipe), writeFile(pipe, content)]);
    expect(read).toEqual(content);
  });

  test('gzip cut short says so', async () => {
    const cut = gzipSync(content).subarray(0, 2000);
    expect(await failureLine(() => decompressed(file(cut, 'gz')))).toMatch(/\.gz: it is cut short/);
  });

  test('can be left before their end', async () => {
    for (const path of [file(content), file(gzipSync(content)), ...(hasZstd ? [file(zstd(content))] : [])]) {
      for (const decoder of await availableZstdDecoders()) {
        for await (const chunk of readDecompressed(path, decoder)) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
      }
    }
  });

  test.skipIf(!hasZstd)('zstd: several frames, a skippable one, by everyone who can', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const path = file(Buffer.concat([skippable, zstd(content), zstd(content, '-19')]), 'zst');
    for (const decoder of await availableZstdDecoders()) {
      const bytes = await decompressed(path, decoder);
      expect(bytes.equals(Buffer.concat([content, content])), decoder).toBe(true);
    }
  });

  test.skipIf(!hasZstd)('zstd: more than a chunk, by everyone who can', async () => {
    const long = Buffer.concat(Array.from({ length: 40 }, () => content));
    const path = file(zstd(long), 'zst');
    for (const decoder of await availableZstdDecoders()) {
      expect((await decompressed(path, decoder)).equals(long), decoder).toBe(true);
    }
  });

  test.skipIf(!hasZstd)('zstd cut short or damaged: by everyone who can', async () => {
    const compressed = zstd(content);
    const damaged = Buffer.from(compressed);
    damaged.fill(0xaa, 500, 600);
    for (const decoder of await availableZstdDecoders()) {
      const [cutFile, damagedFile] = [file(compressed.subarray(0, -50), 'zst'), file(damaged, 'zst')];
      const failure = (path: string) => failureLine(() => decompressed(path, decoder));
      expect(await failure(cutFile), decoder).toMatch(/\.zst: it is cut short/);
      expect(await failure(damagedFile), decoder).toMatch(/\.zst: .*(cannot be decompressed|cut short)/);
    }
  });

  test.skipIf(!hasZstd)('zstd: where a frame ends, by the lengths of its blocks', async () => {
    const long = Buffer.concat(Array.from({ length: 40 }, () => content));
    const frames = [
      zstd(content),
      zstd(long, '--no-check', '-19'),
      zstd(Buffer.alloc(500_000)),
      zstd(Buffer.alloc(0)),
      zstd(content, '--no-content-size'),
      Buffer.from([0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]),
      zstd(randomBytes(300_000)),
    ];
    const whole = Buffer.concat(frames);
    const readOf =
      (bytes: Buffer) =>
      (position: number, length: number): Buffer =>
        bytes.subarray(position, position + length);
    let start = 0;
    for (const frame of frames) {
      const end = start + frame.length;
      expect(await frameEnd(readOf(whole), start)).toBe(end);
      for (const length of [0, 3, 4, 7, 9, frame.length >> 1, frame.length - 1].filter(
        (at) => at < frame.length,
      ))
        expect((await frameEnd(readOf(frame.subarray(0, length)), 0)) ?? Infinity).toBeGreaterThan(length);
      start = end;
    }
  });

  test.skipIf(!hasZstd)('a window of 2 GiB, or one line that says who can', async () => {
    const path = file(zstd(content, '--long=31', '--ultra', '--no-check'), 'zst');
    for (const decoder of await availableZstdDecoders()) {
      if (decoder === 'fzstd') {
        expect(await failureLine(() => decompressed(path, decoder))).toMatch(
          /install the program zstd, or Node/,
        );
      } else expect((await decompressed(path, decoder)).equals(content)).toBe(true);
    }
  });
});

describe('compressed streams', () => {
  async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += 7000) yield bytes.subarray(start, start + 7000);
  }

  test.each(['none', 'gzip', ...(hasZstd ? (['zstd'] as const) : [])] as const)(
    'of %s come back',
    async (compression) => {
      const compressed = await joined(compress(chunks(content), compression));
      expect(detectCompression(compressed)).toBe(compression);
      if (compression === 'gzip') expect(gunzipSync(compressed).equals(content)).toBe(true);
      expect((await joined(decompress(chunks(compressed)))).equals(content)).toBe(true);
    },
  );

  test('fail with what the chunks fail with', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield content;
      throw new Error('the source broke');
    };
    for (const compression of ['none', 'gzip', ...(hasZstd ? (['zstd'] as const) : [])] as const) {
      await expect(joined(compress(broken(), compression))).rejects.toThrow('the source broke');
    }
  });

  test('of nothing are nothing', async () => {
    expect(await joined(decompress(chunks(new Uint8Array())))).toHaveLength(0);
    expect(detectCompression(new Uint8Array())).toBe('none');
    expect(detectCompression(Uint8Array.of(0x1f))).toBe('none');
  });
});
