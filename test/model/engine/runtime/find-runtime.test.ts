import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashFile } from '../../../../src/io/atomic-file.js';
import { packageRoot } from '../../../../src/io/package-root.js';
import { describeRuntime, packagedRuntime } from '../../../../src/model/engine/onnxruntime/find-runtime.js';
import {
  folderInPackage,
  runtimeFilesOf,
  runtimeVersion,
  supportedSystems,
} from '../../../../src/model/engine/onnxruntime/runtime-files.js';

const root = join(packageRoot, 'node_modules/onnxruntime-node');

test('the version is that of the checkout', async () => {
  const { devDependencies } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  expect(devDependencies['onnxruntime-node']).toBe(runtimeVersion);
  expect(describeRuntime(packagedRuntime())).toBe(`ONNX Runtime ${runtimeVersion} of onnxruntime-node`);
});

test.each(supportedSystems)(
  'the files of $platform $architecture are those of onnxruntime-node',
  async (system) => {
    for (const { name, bytes, sha256 } of runtimeFilesOf(system)!.files) {
      const path = join(root, folderInPackage(system), name);
      expect([statSync(path).size, await hashFile(path)]).toEqual([bytes, sha256]);
    }
  },
);
