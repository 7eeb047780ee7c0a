import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findCudaProvider,
  missingLibraryError,
} from '../../../src/model/engine/onnxruntime/cuda-libraries.js';
import { packagedRuntime } from '../../../src/model/engine/onnxruntime/find-runtime.js';
import { ortApi, useRuntime } from '../../../src/model/engine/onnxruntime/ort-api.js';
import { temporaryFolder } from '../../cli/run-cli.js';

const provider = 'libonnxruntime_providers_cuda.so';

/** A folder with empty files of these names. */
function folderOf(...names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names) {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, '');
  }
  return folder;
}

const python = (version: string): string =>
  folderOf(`onnxruntime/capi/${provider}`, `onnxruntime/capi/libonnxruntime.so.${version}`);
const withoutCuda = folderOf('onnxruntime/capi/onnxruntime_pybind11_state.so');
const packaged = { version: '1.30.0', path: join(folderOf('libonnxruntime.so.1'), 'libonnxruntime.so.1') };

describe("CUDA's provider", () => {
  it('is that beside the package, where the install script puts it', () => {
    const folder = folderOf('libonnxruntime.so.1', provider);
    const beside = { version: '1.30.0', path: join(folder, 'libonnxruntime.so.1') };
    expect(findCudaProvider(beside, [python('1.30.0')])).toEqual({ provider: join(folder, provider) });
  });

  it("is that of a Python's onnxruntime-gpu of the same version, with the runtime beside it", () => {
    const [older, same] = [python('1.29.1'), python('1.30.0')];
    expect(findCudaProvider(packaged, [withoutCuda, '/nowhere', older, same])).toEqual({
      provider: join(same, 'onnxruntime/capi', provider),
      runtime: join(same, 'onnxruntime/capi/libonnxruntime.so.1.30.0'),
    });
  });

  it.each([
    ['another version', [python('1.29.1')], /^onnxruntime-gpu 1\.29\.1 in \S+ is not ONNX Runtime 1\.30\.0,/],
    ['no CUDA', [withoutCuda], /^ONNX Runtime's CUDA provider \(libonnxruntime_providers_cuda\.so\) is not/],
    ['no Python', [], /is not installed\.$/],
  ])('where there is %s: one line with what to install', (_, folders, message) => {
    expect(() => findCudaProvider(packaged, folders)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(message) as string,
        hint: expect.stringContaining('pip install "onnxruntime-gpu[cuda,cudnn]==1.30.0"') as string,
      }),
    );
  });
});

it('says which library is missing, and where it comes from', () => {
  expect(missingLibraryError('libcublasLt.so.13', '1.30.0').toLine()).toMatch(
    /^libonnxruntime_providers_cuda\.so needs libcublasLt\.so\.13\. Run pip install /,
  );
  expect(missingLibraryError('libcuda.so.1', '1.30.0').toLine()).toMatch(
    /^there is no NVIDIA driver \(libcuda\.so\.1\)\. Install NVIDIA's driver \(580 /,
  );
});

it('takes one ONNX Runtime a thread, and says so', () => {
  const { path, version } = ortApi();
  expect([path, version]).toEqual([packagedRuntime().path, packagedRuntime().version]);
  expect(() => useRuntime(path)).not.toThrow();
  expect(() => useRuntime('/elsewhere/libonnxruntime.so.1.30.0')).toThrow(
    `ONNX Runtime was loaded from ${path} already, and not from /elsewhere/`,
  );
});
