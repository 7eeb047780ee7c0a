import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';
import { beforeAll, expect, test } from 'vitest';
import { BrowserRuns } from '../../src/browser/browser-runs.js';
import { MemoryStore } from '../../src/browser/storage/memory-store.js';
import { readBytesOf } from '../../src/browser/storage/stored-text.js';
import { collect } from '../../src/common/collect.js';
import { TitlesmithError } from '../../src/common/errors.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { fileFolder } from '../../src/io/file-source.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import { lossCurve, storedRun, titlesRead } from '../../src/site/worker/shown-runs.js';
import { shownTexts, shownVerdict } from '../../src/site/worker/shown-texts.js';
import { temporaryFolder } from '../data/sources/helpers.js';
import { nodeEngine, tinyTitles, writeTinyModel } from './tiny-model.js';

const folder = temporaryFolder();
const device = { engine: nodeEngine, reason: 'for a test' };
/** The files of a finished run, by their paths. */
const sound = new Map<string, Uint8Array>();

const runsIn = (store: MemoryStore): BrowserRuns => new BrowserRuns(store, false, 'for a test');

beforeAll(async () => {
  await writeTinyModel(folder);
  const options = { steps: 2, batchSize: 4, evaluateEvery: 2, sampleEvery: 2, sampleNum: 2, nsamples: 5, length: 8 };
  const run = await runsIn(new MemoryStore()).create('mine', options);
  await run.extract({ files: [new File([tinyTitles(150).join('\n')], 'titles.txt')] });
  await run.finetune({ ...(await openModelIn(fileFolder(folder))), name: 'tiny' }, device);
  await run.generate(device);
  await run.dedupe(await readBaseFingerprints());
  await run.report({ styles: '', script: '' });
  for (const { path } of await run.files.list())
    sound.set(path, Buffer.concat(await collect(readBytesOf(run.files, path))));
});

/** An archive of the run whose checksums are right, with files of it replaced, left out or added. */
async function archiveWith(changes: Readonly<Record<string, string | Uint8Array | undefined>>): Promise<Blob> {
  const files = new Map<string, Uint8Array>(sound);
  for (const [path, content] of Object.entries(changes)) {
    if (content === undefined) files.delete(path);
    else files.set(path, Buffer.from(content));
  }
  const tar = pack();
  let sums = '';
  for (const [path, content] of files) {
    tar.entry({ name: `mine/${path}` }, Buffer.from(content));
    sums += `${createHash('sha256').update(content).digest('hex')}  ${path}\n`;
  }
  tar.entry({ name: 'mine/SHA256SUMS' }, sums);
  tar.finalize();
  return new Blob([Buffer.concat(await collect(tar as AsyncIterable<Buffer>))]);
}

/** Opens an archive and does with it all that the page does. */
async function use(content: Blob): Promise<void> {
  const runs = runsIn(new MemoryStore());
  const run = await runs.import({ name: 'a.tar', content });
  await run.close();
  for (const manifest of await runs.list()) storedRun(manifest);
  await titlesRead(run);
  await lossCurve(run);
  await run.keepWritten();
  await run.readGenerated();
  await run.dedupe(await readBaseFingerprints());
  const { figures, page } = await run.report({ styles: '', script: '' });
  shownVerdict(figures, page);
  shownTexts((await run.readJudgement())!);
  await run.generate(device, { nsamples: 1 });
  await run.pack();
}

const text = (path: string): string => Buffer.from(sound.get(path)!).toString();
const changed = (path: string, change: (value: any) => void) => {
  const value = JSON.parse(text(path));
  change(value);
  return { [path]: JSON.stringify(value) };
};

const cases: readonly (readonly [string, () => Record<string, string | Uint8Array | undefined>])[] = [
  ['metrics no json', () => ({ 'metrics.jsonl': 'x\n' })],
  ['metrics null', () => ({ 'metrics.jsonl': 'null\n' })],
  ['metrics strings', () => ({ 'metrics.jsonl': '{"step":"<b>","loss":"x","validationLoss":{}}\n' })],
  ['decisions', () => ({ 'decisions.jsonl': 'x\n' })],
  ['decisions null', () => ({ 'decisions.jsonl': 'null\n' })],
  ['generated', () => ({ 'generated.jsonl': 'x\n' })],
  ['generated null', () => ({ 'generated.jsonl': 'null\n' })],
  ['titles', () => ({ 'titles.csv': '"' })],
  ['titles none', () => ({ 'titles.csv': undefined })],
  ['titles empty', () => ({ 'titles.csv': '' })],
  ['dropped', () => ({ 'dropped.csv': 'a"' })],
  ['dropped empty', () => ({ 'dropped.csv': '' })],
  ['train', () => ({ 'dataset/train.txt': '\0\0\0' })],
  ['train none', () => ({ 'dataset/train.txt': undefined })],
  ['train empty', () => ({ 'dataset/train.txt': '' })],
  ['validation none', () => ({ 'dataset/validation.txt': undefined })],
  ['losses', () => ({ 'title-losses.json': '{' })],
  ['losses null', () => ({ 'title-losses.json': 'null' })],
  ['losses shape', () => changed('title-losses.json', (v) => { for (const k of Object.keys(v)) if (k !== 'formatVersion') v[k] = 'x'; })],
  ['judgement', () => ({ 'judgement.json': '{' })],
  ['config', () => ({ 'checkpoint/config.json': '{' })],
  ['config null', () => ({ 'checkpoint/config.json': 'null' })],
  ['config huge', () => changed('checkpoint/config.json', (v) => { v.n_embd = 2 ** 40; })],
  ['config layers', () => changed('checkpoint/config.json', (v) => { v.n_layer = 1e9; })],
  ['config vocab', () => changed('checkpoint/config.json', (v) => { v.vocab_size = 1e12; })],
  ['config context', () => changed('checkpoint/config.json', (v) => { v.n_positions = 1e9; v.n_ctx = 1e9; })],
  ['config type', () => changed('checkpoint/config.json', (v) => { v.model_type = 'bert'; })],
  ['config none', () => ({ 'checkpoint/config.json': undefined })],
  ['safetensors cut', () => ({ 'checkpoint/model.safetensors': sound.get('checkpoint/model.safetensors')!.subarray(0, 2000) })],
  ['safetensors long header', () => ({ 'checkpoint/model.safetensors': Buffer.from('ffffffffffffff7f7b7d', 'hex') })],
  ['safetensors empty', () => ({ 'checkpoint/model.safetensors': '' })],
  ['safetensors none', () => ({ 'checkpoint/model.safetensors': undefined })],
  ['safetensors json', () => ({ 'checkpoint/model.safetensors': Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from('null')]) })],
  ['safetensors offsets', () => ({ 'checkpoint/model.safetensors': header({ 'transformer.wte.weight': { dtype: 'F32', shape: [-1, 1e12], data_offsets: [0, 1e15] } }) })],
  ['tokenizer', () => ({ 'checkpoint/tokenizer.json': '{' })],
  ['tokenizer null', () => ({ 'checkpoint/tokenizer.json': 'null' })],
  ['tokenizer empty', () => ({ 'checkpoint/tokenizer.json': '{}' })],
  ['tokenizer vocab ids', () => changed('checkpoint/tokenizer.json', (v) => { for (const k of Object.keys(v.model.vocab)) v.model.vocab[k] = 1e15; })],
  ['tokenizer merges', () => changed('checkpoint/tokenizer.json', (v) => { v.model.merges = [1, null, {}]; })],
  ['tokenizer none', () => ({ 'checkpoint/tokenizer.json': undefined })],
  ['condition', () => ({ 'checkpoint/condition.json': '{' })],
  ['samples', () => ({ 'samples/step-000002.txt': '\0' })],
  ['samples none', () => ({ 'samples/step-000002.txt': undefined })],
  ['canaries', () => ({ 'canaries.json': '{' })],
  ['run: counts', () => changed('run.json', (v) => { for (const s of Object.values<any>(v.stages)) s.counts = null; })],
  ['run: counts text', () => changed('run.json', (v) => { for (const s of Object.values<any>(v.stages)) for (const k of Object.keys(s.counts)) s.counts[k] = '<b>'; })],
  ['run: no stages', () => changed('run.json', (v) => { v.stages = {}; })],
  ['run: stages list', () => changed('run.json', (v) => { v.stages = []; })],
  ['run: stage null', () => changed('run.json', (v) => { v.stages.finetune = null; })],
  ['run: stage text', () => changed('run.json', (v) => { v.stages.finetune = 'done'; })],
  ['run: created', () => changed('run.json', (v) => { v.createdAt = 'tomorrow'; })],
  ['run: created number', () => changed('run.json', (v) => { v.createdAt = 5; })],
  ['run: options', () => changed('run.json', (v) => { v.options.temperature = 'hot'; v.options.nsamples = -1; })],
  ['run: options null', () => changed('run.json', (v) => { v.options = null; })],
  ['run: decisions', () => changed('run.json', (v) => { v.decisions = { source: 5, model: null }; })],
  ['run: decisions null', () => changed('run.json', (v) => { v.decisions = null; })],
  ['run: outputs up', () => changed('run.json', (v) => { v.stages.generate.outputs = { '../../x': { bytes: 1, sha256: 'x' } }; })],
  ['run: outputs null', () => changed('run.json', (v) => { v.stages.finetune.outputs = null; })],
  ['run: requests', () => changed('run.json', (v) => { v.stages.generate.requests = [null, 5, { texts: 'x' }]; })],
  ['run: requests big', () => changed('run.json', (v) => { v.stages.generate.requests = [{ first: 0, texts: 1e300, options: {} }]; })],
  ['run: name', () => changed('run.json', (v) => { v.name = '../../evil'; })],
  ['run: proto', () => ({ 'run.json': text('run.json').replace('"stages":', '"__proto__":{"x":1},"stages":') })],
  ['run: interrupted generate', () => changed('run.json', (v) => { v.stages.generate.status = 'running'; })],
  ['run: deep', () => ({ 'run.json': '['.repeat(200000) })],
  ['run: remarks', () => changed('run.json', (v) => { v.stages.extract.counts.remarks = [5, null]; v.stages.extract.counts.droppedByReason = 5; })],
];

function header(tensors: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(tensors));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json]);
}

test('x', async () => {
  const out: string[] = [];
  for (const [name, change] of cases) {
    try {
      await use(await archiveWith(change()));
      out.push(`OK   ${name}`);
    } catch (error) {
      if (error instanceof TitlesmithError) out.push(`fine ${name}: ${error.toLine().slice(0, 150)}`);
      else out.push(`BAD  ${name}: ${(error as Error).stack?.split('\n').slice(0, 4).join(' | ')}`);
    }
  }
  console.log(out.join('\n'));
  expect(1).toBe(1);
});
