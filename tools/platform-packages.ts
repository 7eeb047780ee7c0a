import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { TitlesmithError, usageError } from '../src/common/errors.js';
import { packageVersion } from '../src/common/package-facts.js';
import { hashFile, writeChunksAtomic, writeFileAtomic } from '../src/io/atomic-file.js';
import { makeFolder } from '../src/io/folders.js';
import { packageRoot } from '../src/io/package-root.js';
import { type TarFile, writeTar } from '../src/io/tar.js';
import {
  folderInPackage,
  platformPackageOf,
  runtimeFilesOf,
  runtimeVersion,
  type System,
  supportedSystems,
} from '../src/model/engine/onnxruntime/runtime-files.js';

/** ONNX Runtime's, and that of the package onnxruntime-node. */
const license = `MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;

/** What compiles shaders on Windows has licences of its own. */
const licenseOnWindows = `onnxruntime.dll:

${license}
dxcompiler.dll and dxil.dll are Microsoft's DirectX Shader Compiler, as onnxruntime-node has them: the former under the
University of Illinois/NCSA Open Source License, the latter under the terms of Microsoft that come with its releases.
`;

/** The package.json of a system's package. */
function manifestOf(system: System): object {
  const { platform, architecture } = system;
  return {
    name: platformPackageOf(system),
    version: runtimeVersion,
    description: `ONNX Runtime's library for titlesmith on ${platform} ${architecture}, from onnxruntime-node ${runtimeVersion}.`,
    license: platform === 'win32' ? 'SEE LICENSE IN LICENSE' : 'MIT',
    os: [platform],
    cpu: [architecture],
    // The library asks for glibc's symbols.
    ...(platform === 'linux' ? { libc: ['glibc'] } : {}),
    // Yarn would leave it in an archive, from where no library is loaded.
    preferUnplugged: true,
  };
}

/**
 * Packs what a system needs of the onnxruntime-node that is installed, the same bytes each time.
 * @param level of gzip.
 * @returns the path of the archive.
 * @throws TitlesmithError when a file there is not the one that titlesmith knows.
 */
export async function packSystem(system: System, target: string, level = 9): Promise<string> {
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const isWindows = system.platform === 'win32';
  const texts = {
    'package.json': `${JSON.stringify(manifestOf(system), null, 2)}\n`,
    LICENSE: isWindows ? licenseOnWindows : license,
  };
  async function* files(): AsyncGenerator<TarFile> {
    for (const [name, text] of Object.entries(texts)) {
      const content = Buffer.from(text);
      yield { name: `package/${name}`, size: content.length, content: [content] };
    }
    for (const { name, bytes, sha256 } of runtimeFilesOf(system)?.files ?? []) {
      const path = join(root, folderInPackage(system), name);
      if ((await hashFile(path)) !== sha256)
        throw new TitlesmithError(`${path} is not the file that titlesmith knows by its hash.`, {
          code: 'wrong-runtime',
          hint: 'Run npm ci.',
        });
      yield { name: `package/${name}`, size: bytes, content: createReadStream(path) };
    }
  }
  const name = platformPackageOf(system).replace('@', '').replace('/', '-');
  const path = join(target, `${name}-${runtimeVersion}.tgz`);
  await writeChunksAtomic(path, Readable.from(writeTar(files())).pipe(createGzip({ level })));
  return path;
}

/** Packs a folder with npm. @returns the archive's path. */
function pack(folder: string, target: string): string {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', target];
  const output = execFileSync('npm', words, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  return join(target, filename);
}

/** Packs titlesmith as it is released: with the packages of all systems, of which npm installs the one that fits. */
async function packRelease(target: string): Promise<string> {
  const plain = pack(packageRoot, target);
  const folder = await mkdtemp(join(tmpdir(), 'titlesmith-package-'));
  try {
    execFileSync('tar', ['-xzf', plain, '-C', folder, '--strip-components=1']);
    const path = join(folder, 'package.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
    const optionalDependencies = Object.fromEntries(
      supportedSystems.map((system) => [platformPackageOf(system), runtimeVersion]),
    );
    await writeFileAtomic(path, `${JSON.stringify({ ...manifest, optionalDependencies }, null, 2)}\n`);
    return pack(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * `npm run tool -- platform-packages --to FOLDER`: writes the archives that a release publishes: a package with ONNX Runtime's
 * library for each system, and titlesmith with these as optional dependencies. `--system linux-x64` writes that package alone.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { to: { type: 'string' }, system: { type: 'string' } },
  });
  if (values.to === undefined) throw usageError('platform-packages needs --to FOLDER.');
  const target = resolve(values.to);
  const nameOf = ({ platform, architecture }: System): string => `${platform}-${architecture}`;
  const systems = supportedSystems.filter(
    (system) => values.system === undefined || nameOf(system) === values.system,
  );
  if (systems.length === 0)
    throw usageError(
      `platform-packages got --system ${JSON.stringify(values.system)}.`,
      `There are ${supportedSystems.map(nameOf).join(', ')}.`,
    );
  await makeFolder(target);
  const written: string[] = [];
  for (const system of systems) written.push(await packSystem(system, target));
  if (values.system === undefined) written.push(await packRelease(target));
  for (const path of written) console.log(path);
  console.log(`${packageVersion} with ONNX Runtime ${runtimeVersion}`);
}
