import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTrainedCondition, writeTrainedCondition } from '../../src/data/trained-condition.js';
import { exportModel } from '../../src/pipeline/export-model.js';
import { fixtureFolder } from '../model/transformer/fixtures.js';
import { type Finished, lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const tensorFlow = join(fixtureFolder('..'), 'tensorflow', 'run1');

const lastOutput = ({ output }: Finished): string => output.trimEnd().split('\n').at(-1) ?? '';

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
    expect(JSON.parse(lastOutput(finished))).toMatchObject({
      kind: 'result',
      output: 'again',
      format: 'huggingface',
    });
    const bytes = (name: string): Buffer => readFileSync(join(folder, name, 'model.safetensors'));
    expect(bytes('again')).toEqual(bytes('hf'));
  });

  test('writes GGUF, which is then a model as others, with what it is prompted by', async () => {
    const named = join(folder, 'prompted');
    cpSync(fixtureFolder('float32'), named, { recursive: true });
    const condition = { names: ['subreddit'] as const, share: 1, subreddits: ['aww'], keptOut: [] };
    await writeTrainedCondition(named, condition);
    const format = ['--format', 'gguf', '--gguf-type', 'f32'];
    const made = await runCli(['export', 'prompted', ...format, '--output', 'gguf', '--json'], folder);
    expect(JSON.parse(lastOutput(made))).toMatchObject({ format: 'gguf', ggufType: 'f32', output: 'gguf' });
    expect(readdirSync(join(folder, 'gguf')).sort()).toEqual(['condition.json', 'model.gguf']);
    const back = ['export', 'gguf', '--format', 'huggingface', '--output', 'back'];
    expect((await runCli(back, folder)).code).toBe(0);
    expect(await readTrainedCondition(join(folder, 'back'))).toEqual(condition);
    cpSync(join(folder, 'gguf/model.gguf'), join(folder, 'gguf/other.gguf'));
    const two = await runCli(['export', 'gguf', '--output', 'none'], folder);
    expect(lastLine(two)).toMatch(
      /^Error: gguf holds 2 GGUF files, each of a model\. Name one: gguf\/model\.gguf\./,
    );
    const small = await runCli(['export', 'prompted', '--format', 'gguf', '--output', 'small'], folder);
    expect(small.output).toMatch(/^small: .*, as gguf of f16\n$/);
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
    [['nosuch', '--output', 'x'], /"nosuch" is no run, no known model/],
    [['runs/x', 'x.tar', '--format', 'onnx'], /--format is for a model, but an archive is named/],
    [[tensorFlow, '--output', 'x', '--overwrite'], /--overwrite is for archives/],
    [[tensorFlow], /either an archive to write the run to, or --output/],
    [
      [tensorFlow, '--output', 'x', '--format', 'pickle'],
      /--format got "pickle", which is none of onnx, huggingface, gguf/,
    ],
    [
      [tensorFlow, '--output', 'x', '--format', 'gguf', '--gguf-type', 'q4_0'],
      /--gguf-type got "q4_0", which is none of f32, f16, q8_0/,
    ],
    [[tensorFlow, '--output', 'x', '--gguf-type', 'f32'], /--gguf-type f32 is for --format gguf/],
    [['runs/x', 'x.tar', '--gguf-type', 'f32'], /--gguf-type is for a model, but an archive is named/],
  ])('%j is wrong use', async (arguments_, pattern) => {
    const finished = await runCli(['export', ...arguments_], folder);
    expect(lastLine(finished)).toMatch(pattern);
    expect(finished.code).toBe(2);
  });
});
