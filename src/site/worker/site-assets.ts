import { TitlesmithError } from '../../common/errors.js';
import type { SiteFile, SiteFiles } from '../site-files.js';

/** Written in by the build. */
declare const SITE_FILES: SiteFiles;

/** Hears how many bytes of the model, and of what computes it, are to come and have come, unpacked. */
export interface Loading {
  readonly expect: (bytes: number) => void;
  readonly came: (bytes: number) => void;
}

/** Counts all that is loaded for one piece of work together. @param onLoaded told bytes. */
export function countLoading(onLoaded: (done: number, total: number) => void): Loading {
  let [done, total] = [0, 0];
  return {
    expect: (bytes) => {
      total += bytes;
    },
    came: (bytes) => {
      done += bytes;
      onLoaded(done, total);
    },
  };
}

const unheard: Loading = { expect: () => {}, came: () => {} };

/** The address of a file of the site; undefined where the site has none of that name. */
export function addressOf(name: string): string | undefined {
  const file = SITE_FILES[name];
  // A worker of a blob has the blob's address; its code knows where it lies.
  return file && new URL(file.path, import.meta.url).href;
}

/** Names of the site's files that begin with a folder's. */
export function namesBelow(folder: string): string[] {
  return Object.keys(SITE_FILES).filter((name) => name.startsWith(`${folder}/`));
}

/**
 * Loads files of the site, unpacked.
 * @throws TitlesmithError `site-unreachable` when one does not come.
 */
export async function loadFiles(
  names: readonly string[],
  { expect, came } = unheard,
): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  expect(names.reduce((sum, name) => sum + fileOf(name).bytes, 0));
  const loaded = await Promise.all(
    names.map(async (name) => {
      return [name, await loadFile(name, came)] as const;
    }),
  );
  return new Map(loaded);
}

/** One file of the site as text. */
export async function loadText(name: string): Promise<string> {
  const [content] = (await loadFiles([name])).values();
  return new TextDecoder().decode(content);
}

function fileOf(name: string): SiteFile {
  const file = SITE_FILES[name];
  if (!file) throw new Error(`the site has no file ${name}`);
  return file;
}

async function loadFile(name: string, onBytes: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, packed } = fileOf(name);
  const content = new Uint8Array(bytes);
  let at = 0;
  try {
    const response = await fetch(addressOf(name)!);
    if (!response.ok || !response.body) throw new Error(String(response.status));
    const stream = packed ? response.body.pipeThrough(new DecompressionStream('gzip')) : response.body;
    for await (const chunk of stream) {
      content.set(chunk, at);
      at += chunk.length;
      onBytes(chunk.length);
    }
  } catch (cause) {
    throw unreachable(name, cause);
  }
  if (at !== bytes) throw unreachable(name, new Error(`${at} of ${bytes} bytes came`));
  return content;
}

function unreachable(name: string, cause: unknown): TitlesmithError {
  return new TitlesmithError(`The part ${name} of this page did not come.`, {
    code: 'site-unreachable',
    hint: 'Check the connection and try again; if that does not help, load the page again.',
    cause,
  });
}
