import { isAscii } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import { checkBeginning, encodingOf } from './encoding.js';

/** Bytes of a file's beginning by which text is told from anything else. */
const sniffedBytes = 65_536;
/** Longest line, in UTF-16 units, so that a file without line breaks does not fill the memory. */
const longestLine = 1_000_000;
const replacement = '\uFFFD';

/** What a text file is not as it should be, though it can be read. */
export type TextRemark = (message: string) => void;

/** A stream of the file's bytes, unpacked where its name ends in `.gz`. */
function openBytes(path: string): AsyncIterable<Uint8Array> {
  if (/\.(zst|bz2|xz|zip)$/i.test(path)) {
    throw new TitlesmithError(`Cannot read ${path}: only .gz is unpacked for files of titles.`, {
      code: 'not-text',
      hint: 'Unpack it first.',
    });
  }
  const file = createReadStream(path);
  return path.toLowerCase().endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
}

function readFailure(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (!code?.startsWith('Z_')) return fileError('read', path, error);
  const [why, hint] =
    code === 'Z_BUF_ERROR'
      ? ['it is cut short', 'Copy or download it anew.']
      : ['it is not a gzip file, or damaged', 'Check its name.'];
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, { code: 'not-text', hint, cause: error });
}

/** Decodes bytes piece by piece; what they are is decided at the first that are not ASCII. */
class Decoder {
  private decoder: TextDecoder | undefined;
  private broken = 0;

  constructor(
    private readonly path: string,
    private readonly onRemark: TextRemark | undefined,
  ) {}

  decode(bytes: Uint8Array): string {
    if (this.decoder === undefined && !isAscii(bytes)) {
      const encoding = encodingOf(bytes);
      if (encoding !== 'utf-8')
        this.onRemark?.(`${this.path} is not UTF-8: it is read as Latin-1 (Windows-1252)`);
      this.decoder = new TextDecoder(encoding);
    }
    return this.count(this.decoder?.decode(bytes, { stream: true }) ?? Buffer.from(bytes).toString('latin1'));
  }

  /** The rest, and a remark where bytes were broken. */
  end(): string {
    const rest = this.count(this.decoder?.decode() ?? '');
    if (this.broken > 0) {
      this.onRemark?.(`${this.path} holds ${this.broken} characters that are not UTF-8; they are taken out`);
    }
    return rest;
  }

  private count(text: string): string {
    for (let at = text.indexOf(replacement); at >= 0; at = text.indexOf(replacement, at + 1))
      this.broken += 1;
    return text;
  }
}

/**
 * A text file piece by piece, without its byte order mark: UTF-8, or Latin-1 where it is that. `.gz` is unpacked.
 * @param onRemark told where it is not UTF-8, or not all of it.
 * @throws TitlesmithError when it is not there, empty, binary, UTF-16 or cut short.
 */
export async function* readText(path: string, onRemark?: TextRemark): AsyncGenerator<string> {
  const decoder = new Decoder(path, onRemark);
  let checked = false;
  try {
    await (await open(path)).close();
    for await (const bytes of openBytes(path)) {
      if (!checked) checkBeginning(bytes.subarray(0, sniffedBytes), path);
      checked = true;
      yield decoder.decode(bytes);
    }
  } catch (error) {
    throw readFailure(path, error);
  }
  if (!checked) {
    throw new TitlesmithError(`Cannot read ${path}: it is empty.`, {
      code: 'empty-file',
      hint: 'Name a file with at least one title.',
    });
  }
  yield decoder.end();
}

/** @throws TitlesmithError when a line is too long to be one. */
function checkLine(line: string, number: number, path: string): void {
  if (line.length <= longestLine) return;
  throw new TitlesmithError(
    `Cannot read ${path}, line ${number}: it is longer than ${longestLine} characters.`,
    {
      code: 'line-too-long',
      hint: 'A text file of titles holds one a line.',
    },
  );
}

/**
 * The lines of a text, without their ends (LF, CRLF or CR).
 * @throws TitlesmithError naming a line of more than a million characters.
 */
export async function* linesOf(chunks: AsyncIterable<string>, path: string): AsyncGenerator<string> {
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    // A CR at the end may be half of a CRLF: it waits for the next piece.
    const lines = `${rest}${chunk}`.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      number += 1;
      checkLine(line, number, path);
      yield line;
    }
    checkLine(rest, number + 1, path);
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}
