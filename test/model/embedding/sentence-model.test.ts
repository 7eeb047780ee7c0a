import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ProgressEvent } from '../../../src/common/progress.js';
import { locateSentenceModel, openSentenceModel } from '../../../src/model/embedding/sentence-model.js';
import { sentenceModelFolder, sentenceModelTest, sentenceTokenizerFile } from '../sentence-model.js';
import { temporaryFolder } from '../transformer/fixtures.js';
import { commit, LocalHub } from '../weights/hub/local-hub.js';

let hub: LocalHub | undefined;
afterEach(() => hub?.stop());

/** A repository as sentence-transformers lays it out, with an ONNX file beside that is not wanted. */
function repositoryFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'onnx'));
  copyFileSync(join(sentenceModelFolder, 'model.onnx'), join(folder, 'onnx/model_quint8_avx2.onnx'));
  copyFileSync(sentenceTokenizerFile, join(folder, 'tokenizer.json'));
  writeFileSync(join(folder, 'onnx/model.onnx'), 'four times as large');
  writeFileSync(join(folder, 'README.md'), 'read me');
  mkdirSync(join(folder, '1_Pooling'));
  writeFileSync(join(folder, '1_Pooling/config.json'), '{ "pooling_mode_mean_tokens": true }');
  return folder;
}

sentenceModelTest(
  'is taken from the hub: the 8-bit file, the tokenizer and how it pools alone, once',
  async () => {
    hub = await LocalHub.start(repositoryFolder(), 'someone/sentences');
    const settings = hub.settings(temporaryFolder());
    const events: ProgressEvent[] = [];
    const context = {
      onProgress: (event: ProgressEvent) => void events.push(event),
      signal: { aborted: false },
    };
    const located = await locateSentenceModel('someone/sentences', settings);
    expect(located).toEqual({ hash: commit, description: 'someone/sentences at 01234567' });
    expect(hub.requests.filter(({ path }) => path.includes('/resolve/'))).toEqual([]);

    const request = { name: 'someone/sentences', hash: commit, threads: 1, settings };
    const encoder = await openSentenceModel(request, context);
    expect(await encoder.embed(['One sentence.'])).toHaveLength(384);
    expect(encoder.description).toBe(
      'someone/sentences at 01234567, model_quint8_avx2.onnx, sha256 8199be6f',
    );
    await encoder.dispose();
    expect(events[0]).toEqual({
      kind: 'note',
      message: 'Downloading the sentence model someone/sentences: 24 MB.',
    });
    const fetched = hub.requests.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path);
    expect(new Set(fetched.map((path) => path.replace(/^.*resolve\/[0-9a-f]+\//, '')))).toEqual(
      new Set(['onnx/model_quint8_avx2.onnx', 'tokenizer.json', '1_Pooling/config.json']),
    );
    const before = hub.requests.length;
    const offline = { ...settings, offline: true };
    await (await openSentenceModel({ ...request, settings: offline }, context)).dispose();
    expect(hub.requests).toHaveLength(before);
  },
);

test('that cannot be had is one line that says what to do', async () => {
  hub = await LocalHub.start(temporaryFolder(), 'someone/empty');
  const settings = hub.settings(temporaryFolder());
  const offline = { ...settings, offline: true };
  const line = async (...of: Parameters<typeof locateSentenceModel>): Promise<string> =>
    locateSentenceModel(...of).then(
      () => 'found',
      (error) => error.toLine(),
    );
  const toDo =
    'Name a folder with onnx/model.onnx and tokenizer.json, or a Hugging Face id, with --semantic-model.';
  expect(await line(undefined, offline)).toBe(
    `--semantic needs a sentence model: sentence-transformers/all-MiniLM-L6-v2 is not in the cache, ${settings.cacheFolder}, ` +
      `and HF_HUB_OFFLINE is set. ${toDo} Or leave --semantic out.`,
  );
  expect(await line('someone/empty', settings)).toBe(
    '--semantic needs a sentence model: someone/empty has no onnx/model.onnx, nor one of 8 bits beside it at main. ' +
      `${toDo} Or leave --semantic out.`,
  );
  expect(await line('no such/thing/here', settings)).toBe(
    `--semantic-model "no such/thing/here" is no folder and no Hugging Face id. ${toDo}`,
  );
  const folder = temporaryFolder();
  expect(await line(folder, settings)).toBe(
    `${folder} holds no sentence model: there is no onnx/model.onnx, nor one of 8 bits beside it. ${toDo}`,
  );
  writeFileSync(join(folder, 'model.onnx'), 'x');
  expect(await line(folder, settings)).toBe(
    `${folder} holds no sentence model: there is no tokenizer.json. ${toDo}`,
  );
});

test('a folder that has changed since it was chosen is refused', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'model.onnx'), 'x');
  writeFileSync(join(folder, 'tokenizer.json'), '{}');
  const { hash, description } = await locateSentenceModel(folder);
  expect(description).toBe(`${folder}, sha256 ${hash.slice(0, 8)}`);
  const open = () =>
    openSentenceModel({ name: folder, hash }, { onProgress: () => {}, signal: { aborted: false } });
  await expect(open()).rejects.toThrow('it holds no WordPiece vocabulary');
  writeFileSync(join(folder, 'model.onnx'), 'y');
  await expect(open()).rejects.toThrow(`The sentence model in ${folder} has changed since it was chosen.`);
});
