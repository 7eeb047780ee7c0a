import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
