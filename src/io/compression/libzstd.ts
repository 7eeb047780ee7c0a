import { type FileHandle, open } from 'node:fs/promises';
import { foreign, type LibraryHandle } from '../foreign-library.js';

/** Bytes read of the file, and decompressed, at a time: what the processor's caches hold. */
const [compressedBytes, chunkBytes] = [2 ** 20, 2 ** 20];
/** `ZSTD_d_windowLogMax` of zstd.h. */
const windowLogMax = 100;

/** Where the library is looked for: its name, where the system knows it, or whole paths. */
const places: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['libzstd.so.1'],
  darwin: ['/opt/homebrew/lib/libzstd.1.dylib', '/usr/local/lib/libzstd.1.dylib'],
};

type Handle = bigint;

/** zstd's streaming interface (zstd.h, stable since 1.4.0). Buffers are `void* address; size_t size, position`. */
interface Functions {
  readonly create: () => Handle | null;
  readonly free: (context: Handle) => void;
  readonly set: (context: Handle, parameter: number, value: number) => number;
  readonly isError: (code: number) => number;
  readonly errorName: (code: number) => string;
  readonly decompress: {
    async(
      context: Handle,
      output: BigUint64Array,
      input: BigUint64Array,
      done: (error: unknown, code: number) => void,
    ): void;
  };
  readonly contentSize: (bytes: Uint8Array, length: number) => number | bigint;
  readonly decompressFrame: {
    async(
      output: Uint8Array,
      outputLength: number,
      frame: Uint8Array,
      frameLength: number,
      done: (error: unknown, code: number) => void,
    ): void;
  };
  /** Held, as koffi would unload the library under its functions. */
  readonly image: LibraryHandle;
}

function bind(place: string): Functions {
  const image = foreign.load(place);
  return {
    image,
    create: image.func('void* ZSTD_createDCtx()') as unknown as Functions['create'],
    free: image.func('size_t ZSTD_freeDCtx(void*)') as Functions['free'],
    set: image.func('size_t ZSTD_DCtx_setParameter(void*, int, int)') as Functions['set'],
    isError: image.func('uint32_t ZSTD_isError(size_t)') as Functions['isError'],
    errorName: image.func('const char* ZSTD_getErrorName(size_t)') as Functions['errorName'],
    decompress: image.func('size_t ZSTD_decompressStream(void*, void*, void*)') as Functions['decompress'],
    contentSize: image.func(
      'unsigned long long ZSTD_getFrameContentSize(void*, size_t)',
    ) as Functions['contentSize'],
    decompressFrame: image.func(
      'size_t ZSTD_decompress(void*, size_t, void*, size_t)',
    ) as Functions['decompressFrame'],
  };
}

let found: Functions | undefined | null = null;

/** The system's libzstd, looked for once; undefined where there is none. */
function libzstd(): Functions | undefined {
  if (found !== null) return found;
  found = undefined;
  for (const place of places[process.platform] ?? []) {
    try {
      found = bind(place);
      break;
    } catch {
      // Not there: the next place, or another decoder.
    }
  }
  return found;
}

/** Whether this machine has libzstd. */
export function hasLibzstd(): boolean {
  return libzstd() !== undefined;
}

/** A buffer that zstd reads or fills, passed to it as a struct of three words. */
class SharedBuffer {
  readonly bytes: Buffer;
  readonly words: BigUint64Array;

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
    this.words = BigUint64Array.of(foreign.address(this.bytes), BigInt(length), 0n);
  }

  /** How many of its bytes there are, and how many of them are done with. */
  set(size: number, position = 0): void {
    this.words[1] = BigInt(size);
    this.words[2] = BigInt(position);
  }

  get isDone(): boolean {
    return this.words[1] === this.words[2];
  }

  get position(): number {
    return Number(this.words[2]);
  }
}

/** What zstd says is wrong with the data. */
export class LibzstdError extends Error {}

/** Decompresses one file into one buffer after the other. */
class Decoder {
  private readonly compressed = new SharedBuffer(compressedBytes);
  private ended = false;
  /** Whether all frames so far are whole. */
  private whole = true;

  constructor(
    private readonly library: Functions,
    private readonly context: Handle,
    private readonly file: FileHandle,
  ) {
    this.compressed.set(0);
  }

  /** Fills a buffer, or as much of it as is left. @throws LibzstdError */
  async fill(output: SharedBuffer): Promise<void> {
    output.set(chunkBytes);
    while (!output.isDone) {
      if (this.compressed.isDone && !this.ended) await this.readMore();
      if (this.compressed.isDone && this.whole) return;
      const before = output.position;
      const code = await this.step(output);
      if (this.library.isError(code)) throw new LibzstdError(this.library.errorName(code));
      this.whole = code === 0;
      if (!this.whole && this.ended && output.position === before) throw new LibzstdError('premature end');
    }
  }

  private async readMore(): Promise<void> {
    const { bytesRead } = await this.file.read(this.compressed.bytes, 0, compressedBytes);
    this.compressed.set(bytesRead);
    this.ended = bytesRead === 0;
  }

  /** One call, on a thread of its own. */
  private step(output: SharedBuffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.library.decompress.async(this.context, output.words, this.compressed.words, (error, code) => {
        if (error) reject(error);
        else resolve(code);
      });
    });
  }
}

/**
 * The bytes of a zstd file by the system's libzstd: while a chunk is looked at, a thread decompresses the next. A chunk
 * is valid until the next is asked for.
 * @param maxWindowLog binary logarithm of the longest window taken, in bytes.
 * @throws LibzstdError when the data is damaged or cut short; Error where there is no libzstd.
 */
export async function* decodeByLibzstd(path: string, maxWindowLog: number): AsyncGenerator<Uint8Array> {
  const library = libzstd();
  const context = library?.create();
  if (!library || !context) throw new Error('There is no libzstd.');
  const file = await open(path);
  let filling: Promise<void> | undefined;
  try {
    library.set(context, windowLogMax, maxWindowLog);
    const decoder = new Decoder(library, context, file);
    let [current, next] = [new SharedBuffer(chunkBytes), new SharedBuffer(chunkBytes)];
    await decoder.fill(current);
    while (current.position > 0) {
      filling = decoder.fill(next);
      // Awaited below, whatever becomes of the chunk meanwhile.
      filling.catch(() => {});
      yield current.bytes.subarray(0, current.position);
      await filling;
      [current, next] = [next, current];
    }
  } finally {
    // The thread must be done before what it works on is freed.
    await filling?.catch(() => {});
    library.free(context);
    await file.close();
  }
}

/**
 * Decompresses a whole frame in memory, on a thread of its own.
 * @param maxLength most bytes it may hold.
 * @returns undefined where the frame does not say how long its content is, or there is no libzstd.
 * @throws LibzstdError when the data is damaged, or longer than that.
 */
export async function decompressFrameByLibzstd(
  frame: Uint8Array,
  maxLength: number,
): Promise<Uint8Array | undefined> {
  const library = libzstd();
  if (!library) return undefined;
  const length = Number(library.contentSize(frame, frame.length));
  // The two highest numbers of 64 bits: not known, and no frame at all (zstd.h).
  if (length >= 2 ** 63) return undefined;
  if (length > maxLength) throw new LibzstdError('it is too long');
  const output = Buffer.alloc(length);
  const code = await new Promise<number>((resolve, reject) => {
    library.decompressFrame.async(output, length, frame, frame.length, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
  if (library.isError(code)) throw new LibzstdError(library.errorName(code));
  return output.subarray(0, code);
}
