import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportModel } from '../../src/pipeline/export-model.js';
import { fixtureFolder } from '../model/transformer/fixtures.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const tensorFlow = join(fixtureFolder('..'), 'tensorflow', 'run1');

describe('titlesmith export', () => {
  test('writes ONNX', async () => {
    const finished = await runCli(['export', fixtureFolder('bfloat16'), '--output', 'js'], folder);
    expect(finished.output).toMatch(/^js: .*bfloat16, Hugging Face files, sha256 [0-9a-f]{8}, as onnx\n$/);
    expect(finished.code).toBe(0);
    expect(existsSync(join(folder, 'js/onnx/model.onnx'))).toBe(true);
  });

  test("makes Hugging Face's files of a run of gpt-2-simple, which it then reads as the same model", async () => {
    const format = ['--format', 'huggingface'];
    expect((await runCli(['export', tensorFlow, ...format, '--output', 'hf'], folder)).code).toBe(0);
    const finished = await runCli(['export', 'hf', ...format, '--output', 'again', '--json'], folder);
    const last = finished.output.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ kind: 'result', output: 'again', format: 'huggingface' });
    const bytes = (name: string): Buffer => readFileSync(join(folder, name, 'model.safetensors'));
    expect(bytes('again')).toEqual(bytes('hf'));
  });

  test('overwrites nothing', async () => {
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine/config.json'), '{}');
    const finished = await runCli(['export', tensorFlow, '--output', 'mine'], folder);
    expect(lastLine(finished)).toMatch(/^Error: mine is not empty; an export overwrites nothing\./);
    expect(finished.code).toBe(1);
    expect(readFileSync(join(folder, 'mine/config.json'), 'utf8')).toBe('{}');
  });

  test('that is stopped leaves nothing, and what a killed one left is no obstacle', async () => {
    const request = { model: tensorFlow, format: 'huggingface', output: join(folder, 'new/model') } as const;
    const stopped = exportModel(request, { signal: { aborted: true } });
    await expect(stopped).rejects.toThrow(/Interrupted/);
    expect(existsSync(join(folder, 'new'))).toBe(false);
    mkdirSync(join(request.output, 'model.partial'), { recursive: true });
    writeFileSync(join(request.output, 'model.partial/vocab.json'), 'half');
    await exportModel(request);
    expect(readdirSync(request.output)).toContain('model.safetensors');
    expect(existsSync(join(request.output, 'model.partial'))).toBe(false);
  });

  test.each<[string[], RegExp]>([
    [['nosuch', '--output', 'x'], /"nosuch" is no known model/],
    [['runs/x', 'x.tar', '--format', 'onnx'], /--format is for a model, but an archive is named/],
    [[tensorFlow, '--output', 'x', '--overwrite'], /--overwrite is for archives/],
    [[tensorFlow], /either an archive to write the run to, or --output/],
    [
      [tensorFlow, '--output', 'x', '--format', 'gguf'],
      /--format got "gguf", which is none of onnx, huggingface/,
    ],
  ])('%j is wrong use', async (arguments_, pattern) => {
    const finished = await runCli(['export', ...arguments_], folder);
    expect(lastLine(finished)).toMatch(pattern);
    expect(finished.code).toBe(2);
  });
});
