import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { packagedRuntime } from '../../src/model/engine/onnxruntime/find-runtime.js';
import { runCli, temporaryFolder } from './run-cli.js';

/** No Vulkan library, whatever this machine has. */
const withoutVulkan = { VK_DRIVER_FILES: '/nowhere', VK_ICD_FILENAMES: '/nowhere' };

it('lists every device of every engine, with what is missing', async () => {
  const { code, output } = await runCli(['devices', '--json'], temporaryFolder(), withoutVulkan);
  expect(code).toBe(0);
  const result = JSON.parse(output.trim().split('\n').at(-1)!) as {
    auto: string;
    devices: {
      engine: string;
      device: string;
      works: boolean;
      description?: string;
      reason?: string;
      hint?: string;
    }[];
  };
  const byName = new Map(result.devices.map((device) => [`${device.engine} ${device.device}`, device]));
  expect([...byName.keys()].sort()).toEqual(
    ['onnxruntime cpu', 'onnxruntime cuda', 'onnxruntime webgpu', 'tfjs cpu', 'tfjs cuda'].sort(),
  );
  const float16Shortage = 'it computes float16 in float32';
  expect(byName.get('onnxruntime cpu')).toMatchObject({ works: true, float16Shortage });
  expect(byName.get('tfjs cpu')).toMatchObject({
    works: true,
    float16Shortage: 'TensorFlow.js has no float16',
  });
  for (const { works, reason, description, hint } of result.devices) {
    if (works) expect(description).toBeTruthy();
    else expect(`${reason} ${hint}`).toMatch(/\S+ .*(Run|Install|Needs|Update) /);
  }
  expect(result.auto).toMatch(/^onnxruntime /);
});

const trial = join(packageRoot, 'dist/model/engine/device-trial.js');
const { path: runtime } = packagedRuntime();
const isInstalled = existsSync(join(dirname(runtime), 'libonnxruntime_providers_cuda.so'));

it.skipIf(isInstalled || process.platform !== 'linux' || process.arch !== 'x64').each([
  ['a folder without it', 'empty', /^ONNX Runtime's CUDA provider \(\S+\) is not installed\.$/],
  ['a folder with another version', 'older', /^onnxruntime-gpu 1\.2\.3 in \S+ is not ONNX Runtime /],
  ['no folder', 'nowhere', /^TITLESMITH_CUDA "\S+" is neither a folder nor a Python that runs: /],
])('says what CUDA lacks where TITLESMITH_CUDA names %s', async (_, name, message) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'empty'));
  const packages = join(folder, 'older/onnxruntime/capi');
  mkdirSync(packages, { recursive: true });
  for (const file of ['libonnxruntime.so.1.2.3', 'libonnxruntime_providers_cuda.so'])
    writeFileSync(join(packages, file), '');
  const env = { ...process.env, TITLESMITH_CUDA: join(folder, name) };
  const { stdout } = await promisify(execFile)(process.execPath, [trial, 'onnxruntime cuda'], { env });
  expect(JSON.parse(stdout)).toMatchObject({
    works: false,
    reason: expect.stringMatching(message) as string,
    hint: expect.stringMatching(/pip install|onnxruntime-gpu/) as string,
  });
});

it.each([
  [
    'tfjs',
    'cuda',
    1,
    '@tensorflow/tfjs-node-gpu is not installed. Run npm install @tensorflow/tfjs-node-gpu.',
  ],
  ['tfjs', 'webgpu', 2, 'The engine tfjs has no device webgpu. See titlesmith devices.'],
])('%s %s by name is an error, never another device', async (engine, device, exitCode, message) => {
  const folder = temporaryFolder();
  const asked = ['pipeline', '--subreddit', 'askreddit', '--source', 'sample'];
  const { code, errors } = await runCli([...asked, '--engine', engine, '--device', device], folder);
  expect(code).toBe(exitCode);
  expect(errors.trim().split('\n')).toHaveLength(1);
  expect(errors).toContain(message);
});

it.each([
  ['onnxruntime', 'it computes float16 in float32'],
  ['tfjs', 'TensorFlow.js has no float16'],
])('float16 on %s cpu is an error that says why, never float32', async (engine, reason) => {
  const folder = temporaryFolder();
  const asked = ['pipeline', '--subreddit', 'askreddit', '--source', 'sample', '--device', 'cpu'];
  const { code, errors } = await runCli(
    [...asked, '--engine', engine, '--mixed-precision', 'float16'],
    folder,
  );
  expect(code).toBe(1);
  expect(errors.trim().split('\n').at(-1)).toContain(
    `--mixed-precision float16 is not available on ${engine} cpu: ${reason}. titlesmith devices lists those`,
  );
});

it('says and records what computes, and why', async () => {
  const folder = temporaryFolder();
  const sample = ['--source', 'sample', '--limit', '400', '--model', 'nano', '--steps', '1'];
  const asked = ['pipeline', '--subreddit', 'askreddit', ...sample, '--until', 'finetune'];
  const { code, errors } = await runCli([...asked, '--device', 'cpu'], folder);
  expect(code).toBe(0);
  expect(errors).toMatch(/^device: onnxruntime cpu, .+ \(named with --device\)$/m);
  const manifest = JSON.parse(readFileSync(join(folder, 'runs/askreddit/run.json'), 'utf8')) as {
    decisions: { device: unknown };
  };
  expect(manifest.decisions.device).toMatchObject({
    choice: 'onnxruntime cpu',
    reason: 'named with --device',
  });
});
