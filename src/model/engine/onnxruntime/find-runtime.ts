import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TitlesmithError } from '../../../common/errors.js';
import { cacheFolder } from '../../../io/cache-folder.js';
import {
  folderInPackage,
  platformPackageOf,
  type RuntimeFiles,
  runtimeFilesOf,
  runtimeVersion,
  thisSystem,
} from './runtime-files.js';

/** An ONNX Runtime that is here. */
export interface FoundRuntime {
  readonly version: string;
  /** The shared library's file. */
  readonly path: string;
  /** Where it comes from, in words: the name of a package, or titlesmith's cache. */
  readonly origin: string;
}

/** The place of fetched libraries. Version and system are in its name, so that nothing there is ever replaced. */
export function fetchedRuntimeFolder(): string {
  const { platform, architecture } = thisSystem;
  return join(cacheFolder(), `onnxruntime-${runtimeVersion}-${platform}-${architecture}`);
}

/** Whether a folder has every file of a runtime in its full length. */
export function isCompleteRuntime(folder: string, { files }: RuntimeFiles): boolean {
  return files.every(
    ({ name, bytes }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
  );
}

/** What this system needs. @throws TitlesmithError `engine-unsupported` where ONNX Runtime has nothing for it. */
export function neededFiles(): RuntimeFiles {
  const needed = runtimeFilesOf(thisSystem);
  if (needed) return needed;
  throw new TitlesmithError(`ONNX Runtime has no library for ${process.platform} ${process.arch}.`, {
    code: 'engine-unsupported',
    hint: 'Run titlesmith on Linux or Windows, on x64 or arm64, or on macOS on arm64.',
  });
}

/** The folder of a package, by its package.json, where it is of the version that titlesmith runs. */
function folderOfPackage(resolveManifest: () => string): string | undefined {
  try {
    const manifest = resolveManifest();
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return version === runtimeVersion ? dirname(manifest) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Looks for ONNX Runtime: in titlesmith's own package for this system, in onnxruntime-node, in the cache.
 * @returns undefined where none has it.
 * @throws TitlesmithError `engine-unsupported`.
 */
export function findRuntime(): FoundRuntime | undefined {
  const needed = neededFiles();
  const [{ name: library }] = needed.files;
  const own = platformPackageOf(thisSystem);
  const places = [
    {
      origin: own,
      folder: folderOfPackage(() => createRequire(import.meta.url).resolve(`${own}/package.json`)),
    },
    {
      origin: 'onnxruntime-node',
      folder: folderOfPackage(() => createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
      within: folderInPackage(thisSystem),
    },
    { origin: "titlesmith's cache", folder: fetchedRuntimeFolder() },
  ];
  for (const { origin, folder, within = '.' } of places) {
    if (folder === undefined) continue;
    const found = join(folder, within);
    if (isCompleteRuntime(found, needed))
      return { version: runtimeVersion, path: join(found, library), origin };
  }
  return undefined;
}

/** {@link findRuntime}, where there must be one. @throws TitlesmithError `runtime-missing` saying what to do. */
export function packagedRuntime(): FoundRuntime {
  const found = findRuntime();
  if (found) return found;
  throw missingRuntime('is not installed');
}

/** The error of a runtime that is not here. @param why behind its name, without a full stop. */
export function missingRuntime(why: string, cause?: unknown): TitlesmithError {
  const { platform, architecture } = thisSystem;
  return new TitlesmithError(`ONNX Runtime ${runtimeVersion} for ${platform} ${architecture} ${why}.`, {
    code: 'runtime-missing',
    hint: `Run npm install --ignore-scripts onnxruntime-node@${runtimeVersion} where titlesmith is installed (docs/install.md).`,
    cause,
  });
}

/** A runtime for the first lines of a run: `ONNX Runtime 1.30.0 of onnxruntime-node`. */
export const describeRuntime = ({ version, origin }: FoundRuntime): string =>
  `ONNX Runtime ${version} of ${origin}`;
