import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/common/collect.js';
import { byteLines, LineSplitter, textLines } from '../../src/io/lines.js';
import { readLines } from '../../src/io/text-file.js';
import { failureLine, temporaryFolder, write } from '../data/sources/helpers.js';

/** The text in three parts, for every way to cut it. */
function* everyCut(text: string): Generator<readonly [string, string, string]> {
  for (let first = 0; first <= text.length; first += 1) {
    for (let second = first; second <= text.length; second += 1) {
      yield [text.slice(0, first), text.slice(first, second), text.slice(second)];
    }
  }
}

async function* asChunks<Chunk>(parts: readonly Chunk[]): AsyncGenerator<Chunk> {
  yield* parts;
}

describe('LineSplitter', () => {
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

  test.each<[string, (text: string) => Uint8Array]>([
    ['Buffers', (text) => Buffer.from(text)],
    ['plain bytes', (text) => new TextEncoder().encode(text)],
  ])('gives the same lines however %s are cut', (_name, encode) => {
    for (const parts of everyCut('one\n\ntwo\r\nthree is too long\nfour')) {
      const lines: string[] = [];
      const splitter = new LineSplitter(
        6,
        (bytes, start, end) => lines.push(decode(bytes.subarray(start, end))),
        () => lines.push('(long)'),
      );
      for (const part of parts) splitter.push(encode(part));
      splitter.finish();
      expect(lines).toEqual(['one', '', 'two\r', '(long)', 'four']);
    }
  });

  test('keeps what it needs of chunks that are overwritten', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter(
      99,
      (bytes, start, end) => lines.push(decode(bytes.subarray(start, end))),
      () => {},
    );
    const chunk = Buffer.from('one\ntw');
    splitter.push(chunk);
    chunk.fill('x');
    splitter.push(Buffer.from('o\nthree'));
    splitter.finish();
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  test('tells of a line without end as soon as it is too long, and keeps nothing of it', () => {
    let told = 0;
    const splitter = new LineSplitter(
      10,
      () => expect.unreachable(),
      () => {
        told += 1;
      },
    );
    for (let pushed = 0; pushed < 100; pushed += 1) {
      splitter.push(Buffer.alloc(8, 'x'));
      expect(told).toBe(pushed === 0 ? 0 : 1);
    }
    splitter.finish();
    expect(told).toBe(1);
  });
});

describe('byteLines', () => {
  const linesOf = async (
    parts: readonly string[],
    onTooLong: (number: number) => void,
  ): Promise<readonly string[]> => {
    const chunks = asChunks(parts.map((part) => Buffer.from(part)));
    const lines: string[] = [];
    for await (const line of byteLines(chunks, 6, onTooLong)) lines.push(Buffer.from(line).toString());
    return lines;
  };

  test('leaves lines that are too long out, and tells their number', async () => {
    for (const parts of everyCut('one\nmuch too long\ntwo\n\nalso too long')) {
      const tooLong: number[] = [];
      expect(await linesOf(parts, (number) => tooLong.push(number))).toEqual(['one', 'two', '']);
      expect(tooLong).toEqual([2, 5]);
    }
  });

  test('ends with what is thrown of them', async () => {
    const refuse = (number: number): never => {
      throw new Error(`line ${number}`);
    };
    await expect(linesOf(['one\nmuch too long'], refuse)).rejects.toThrow('line 2');
  });
});

test('textLines takes every kind of end, wherever the text is cut', async () => {
  const expected = ['a', 'b', 'c', 'd', '', 'e', '', 'f'];
  for (const parts of everyCut('a\nb\r\nc\rd\r\n\r\ne\n\rf\r')) {
    expect(await collect(textLines(asChunks(parts), 'a.txt')), JSON.stringify(parts)).toEqual(expected);
  }
});

describe('readLines', () => {
  const folder = temporaryFolder();
  const linesOf = (name: string, content: string | Uint8Array): Promise<readonly string[]> =>
    collect(readLines(write(folder, name, content)));

  test('gives the lines of a file, with every character in them', async () => {
    const lines = ['', 'é😀\u2028\u2029\u0085', ' \r', '\uFEFF', 'x'.repeat(300_000)];
    expect(await linesOf('a', lines.map((line) => `${line}\n`).join(''))).toEqual(lines);
    expect(await linesOf('b', 'one\ntwo')).toEqual(['one', 'two']);
    expect(await linesOf('empty', '')).toEqual([]);
    expect(await linesOf('c.gz', gzipSync('one\n'))).toEqual(['one']);
  });

  test('names the file that cannot be read', async () => {
    expect(await failureLine(() => collect(readLines(`${folder}/missing`)))).toMatch(/missing: no such file/);
    expect(await failureLine(() => linesOf('long', `a\n${'x'.repeat(2 ** 24 + 1)}`))).toMatch(
      /line 2 is longer/,
    );
  });
});
