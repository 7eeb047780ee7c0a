import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import { forEachPiece, type PieceListener } from './pieces.js';
import { availableUnpackers, unpackZstd, ZstdFailure, type ZstdUnpacker } from './zstd.js';

/** Bytes read of a file, and unpacked by gzip, at a time. */
const pieceBytes = 2 ** 18;

type Packing = 'none' | 'gzip' | 'zstd';

function damaged(path: string, why: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}: ${why}.`, { code: 'dump-damaged', hint });
}

/** How a file is packed, by its first bytes (RFC 1952, 2.3.1; RFC 8878, 3.1), whatever it is called. */
async function packingOf(path: string): Promise<Packing> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.readUInt32LE();
    if (buffer[0] === 0x1f && buffer[1] === 0x8b) return 'gzip';
    if (magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5) return 'zstd';
    const [, ending] = /\.(gz|zst)$/i.exec(path) ?? [];
    if (ending === undefined || bytesRead === 0) return 'none';
    const kind = ending.toLowerCase() === 'gz' ? 'gzip' : 'zstd';
    throw damaged(path, `it is not a ${kind} file`, 'Is it of the format its name says?');
  } finally {
    await file.close();
  }
}

function gzipFailure(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === 'Z_BUF_ERROR') return damaged(path, 'it is cut short', 'Download or copy it anew.');
  if (code?.startsWith('Z_')) return damaged(path, 'its gzip data is damaged', 'Download or copy it anew.');
  return error;
}

async function unpackGzip(path: string, onPiece: PieceListener): Promise<void> {
  const packed = createReadStream(path, { highWaterMark: pieceBytes });
  const unpacker = createGunzip({ chunkSize: pieceBytes });
  packed.on('error', (error) => unpacker.destroy(error));
  try {
    await forEachPiece(packed.pipe(unpacker), onPiece, (error) => gzipFailure(path, error));
  } finally {
    packed.destroy();
    unpacker.destroy();
  }
}

function zstdFailure(path: string, { message }: ZstdFailure, unpacker: ZstdUnpacker): TitlesmithError {
  const cut = /premature end|unexpected (EOF|end of file)/i.test(message);
  if (cut) return damaged(path, 'it is cut short', 'Download or copy it anew.');
  const hint =
    unpacker === 'library'
      ? 'If it was written with a long window, install the program zstd, or Node 22.15 or later.'
      : 'Check it with: zstd --long=31 -t FILE.';
  return damaged(path, `its zstd data cannot be unpacked (${message})`, hint);
}

async function unpackAnyZstd(
  path: string,
  onPiece: PieceListener,
  named: ZstdUnpacker | undefined,
): Promise<void> {
  const unpacker = named ?? (await availableUnpackers())[0] ?? 'library';
  try {
    await unpackZstd(path, unpacker, onPiece);
  } catch (error) {
    throw error instanceof ZstdFailure ? zstdFailure(path, error, unpacker) : error;
  }
}

/**
 * Gives the bytes of a file, unpacked where it is gzip or zstd, piece by piece.
 * @param unpacker who unpacks zstd; the best this machine has where left out.
 * @throws TitlesmithError when it cannot be read, is damaged, cut short, or not what its name says.
 */
export async function unpack(path: string, onPiece: PieceListener, unpacker?: ZstdUnpacker): Promise<void> {
  try {
    const packing = await packingOf(path);
    if (packing === 'zstd') await unpackAnyZstd(path, onPiece, unpacker);
    else if (packing === 'gzip') await unpackGzip(path, onPiece);
    else await forEachPiece(createReadStream(path, { highWaterMark: pieceBytes }), onPiece);
  } catch (error) {
    throw fileError('read', path, error);
  }
}
