import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { afterAll, expect, test } from 'vitest';
import { readTar, type TarFile, writeTar } from '../../src/io/tar.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-tar-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function joined(chunks: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(Uint8Array.from(chunk as Uint8Array));
  return Buffer.concat(parts);
}

/** Bytes in pieces of a length. */
async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function entriesOf(bytes: Uint8Array, length = 10_000): Promise<[string, string, string][]> {
  const found: [string, string, string][] = [];
  for await (const { name, type, content } of readTar(pieces(bytes, length)))
    found.push([name, type, (await joined(content)).toString()]);
  return found;
}

const fileOf = ([name, text]: readonly [string, string]): TarFile => {
  const content = Buffer.from(text);
  return { name, size: content.length, content: [content] };
};

const parts = fc.array(fc.stringMatching(/^[\w.-]{1,60}$/), { minLength: 1, maxLength: 6 });
const names = fc
  .oneof(
    parts.map((list) => list.join('/')),
    fc.string({ unit: fc.constantFrom('ä', '漢', '/', 'a', ' '), minLength: 1, maxLength: 90 }),
  )
  .filter((name) => !name.endsWith('/'));

test('archives read back, those of tar-stream too, whatever the names and wherever they are cut', async () => {
  const files = fc.array(fc.tuple(names, fc.string({ maxLength: 1100 })), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 1500 }), async (list, length) => {
      const tar = pack();
      for (const [name, text] of list) tar.entry({ name, mtime: new Date(0), mode: 0o644 }, text);
      tar.finalize();
      const own = await joined(writeTar(list.map(fileOf)));
      const written = list.map(([name, text]) => [name, 'file', text]);
      expect(await entriesOf(own, length)).toEqual(written);
      expect(await entriesOf(await joined(tar), length)).toEqual(written);
      expect(own.equals(await joined(writeTar(list.map(fileOf))))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test.each(['gnu', 'pax', 'ustar'])(
  'what tar writes in its format %s is read, and tar reads what is written',
  async (format) => {
    const long = `${'a'.repeat(80)}/${'b'.repeat(90)}`;
    const list: [string, string][] = [
      ['short.txt', 'x'],
      [long, 'long'],
      ...(format === 'ustar'
        ? []
        : ([[`${long}/${'ü'.repeat(100)}`.replaceAll('/', '-').slice(0, 150), 'longer']] as [
            string,
            string,
          ][])),
    ];
    const root = join(folder, format);
    for (const [name, text] of list) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const order = list.map(([name]) => name);
    const bytes = execFileSync('tar', ['-C', root, `--format=${format}`, '-cf', '-', ...order]);
    expect(await entriesOf(bytes)).toEqual(list.map(([name, text]) => [name, 'file', text]));
    const own = await joined(writeTar(list.map(fileOf)));
    const listed = execFileSync('tar', ['--quoting-style=literal', '-tf', '-'], {
      input: own,
      encoding: 'utf8',
    });
    expect(listed.trimEnd().split('\n')).toEqual(order);
  },
);

test('an archive that is cut anywhere says so; one whose header was changed is refused', async () => {
  const name = `${'ä'.repeat(60)}/titles.csv`;
  const whole = await joined(writeTar([fileOf([name, 'title\n'.repeat(100)]), fileOf(['b', ''])]));
  for (let length = 1; length < whole.length - 512; length += 37)
    await expect(entriesOf(whole.subarray(0, length))).rejects.toThrow('truncated');
  for (const place of [0, 100, 148]) {
    const changed = Buffer.from(whole);
    changed[place]! ^= 1;
    await expect(entriesOf(changed)).rejects.toThrow(/header/);
  }
});

test('a content that is passed over is skipped, and what the bytes throw is thrown', async () => {
  const two = await joined(writeTar([fileOf(['a', 'x'.repeat(5_000_000)]), fileOf(['b', 'y'])]));
  for (const reads of [false, true]) {
    const found: string[] = [];
    for await (const entry of readTar(pieces(two, 70_000))) {
      found.push(entry.name);
      if (reads && entry.name === 'a') for await (const part of entry.content) if (part.length > 0) break;
    }
    expect(found).toEqual(['a', 'b']);
  }
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces(two.subarray(0, 100_000), 50_000);
    throw new Error('the disk is gone');
  };
  const readAll = async (): Promise<void> => {
    for await (const { content } of readTar(failing())) await joined(content);
  };
  await expect(readAll()).rejects.toThrow('the disk is gone');
});

test('a reader that stops early lets go of the bytes', async () => {
  let isClosed = false;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces(await joined(writeTar([fileOf(['a', 'x'])])), 512);
      for (;;) yield new Uint8Array(512);
    } finally {
      isClosed = true;
    }
  };
  for await (const entry of readTar(endless())) if (entry.name === 'a') break;
  await expect.poll(() => isClosed).toBe(true);
});

test('a content of another length than was said ends the archive', async () => {
  for (const bytes of [2, 4]) {
    const archive = writeTar([{ name: 'a', size: 3, content: [new Uint8Array(bytes)] }]);
    await expect(joined(archive)).rejects.toThrow('a is not of 3 bytes, as was said');
  }
});
