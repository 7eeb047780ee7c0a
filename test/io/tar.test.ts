import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { afterAll, expect, test } from 'vitest';
import { readTar, type TarFile, writeTar } from '../../src/io/tar.js';
import { decodeTarHeader, encodeTarHeader } from '../../src/io/tar-header.js';

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

test('archives are those of tar-stream, byte for byte, and read back, whatever the names and wherever they are cut', async () => {
  const files = fc.array(fc.tuple(names, fc.string({ maxLength: 1100 })), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 1500 }), async (list, length) => {
      const tar = pack();
      for (const [name, text] of list) tar.entry({ name, mtime: new Date(0), mode: 0o644 }, text);
      tar.finalize();
      const own = await joined(writeTar(list.map(fileOf)));
      expect(own.equals(await joined(tar))).toBe(true);
      expect(await entriesOf(own, length)).toEqual(list.map(([name, text]) => [name, 'file', text]));
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

test('an archive that is cut anywhere but between its entries says so; one that was changed is refused', async () => {
  const name = `${'ä'.repeat(60)}/titles.csv`;
  const whole = await joined(writeTar([fileOf([name, 'title\n'.repeat(100)]), fileOf(['b', ''])]));
  const ends: number[] = [];
  for (let length = 1; length < whole.length - 1024; length += 37) {
    await entriesOf(whole.subarray(0, length)).then(
      () => ends.push(length),
      (error: Error) => expect(error.message).toBe('Unexpected end of data'),
    );
  }
  // A piece that ends with a block's end may be an archive without the blocks of zeros that end one.
  expect(ends.every((length) => length % 512 === 0)).toBe(true);
  for (const place of [0, 100, 148, 257]) {
    const changed = Buffer.from(whole);
    changed[place]! ^= 1;
    await expect(entriesOf(changed)).rejects.toThrow(/header/);
  }
});

test('sizes that no file has are refused, and a content that is passed over is skipped', async () => {
  const large = Buffer.concat([...encodeTarHeader('a', 9 * 2 ** 30)]);
  expect(decodeTarHeader(large)?.size).toBe(9 * 2 ** 30);
  const reader = readTar(pieces(large, 512));
  const first = await reader.next();
  expect(first.value).toMatchObject({ name: 'a', type: 'file' });
  await expect(joined(first.value!.content)).rejects.toThrow('Unexpected end of data');

  const two = await joined(writeTar([fileOf(['a', 'x'.repeat(5000)]), fileOf(['b', 'y'])]));
  const found: string[] = [];
  for await (const entry of readTar(pieces(two, 700))) {
    found.push(entry.name);
    if (entry.name === 'a') for await (const part of entry.content) if (part.length > 0) break;
  }
  expect(found).toEqual(['a', 'b']);
});

test('a content of another length than was said ends the archive', async () => {
  const archive = writeTar([{ name: 'a', size: 3, content: [new Uint8Array(2)] }]);
  await expect(joined(archive)).rejects.toThrow('a has 2 bytes, not 3');
});
