import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';
import { beforeAll, expect, test } from 'vitest';
import { BrowserRuns } from '../../src/browser/browser-runs.js';
import { MemoryStore } from '../../src/browser/storage/memory-store.js';
import { readBytesOf } from '../../src/browser/storage/stored-text.js';
import { collect } from '../../src/common/collect.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { fileFolder } from '../../src/io/file-source.js';
import { openModelIn } from '../../src/model/weights/folder-model.js';
import { lossCurve, storedRun, titlesRead } from '../../src/site/worker/shown-runs.js';
import { shownTexts, shownVerdict } from '../../src/site/worker/shown-texts.js';
import { failureLine, temporaryFolder } from '../data/sources/helpers.js';
import { nodeEngine, tinyTitles, writeTinyModel } from './tiny-model.js';

const folder = temporaryFolder();
const device = { engine: nodeEngine, reason: 'for a test' };
let fingerprints: Uint8Array;
/** The files of a finished run, by their paths. */
const sound = new Map<string, Uint8Array>();

const runsIn = (store: MemoryStore): BrowserRuns => new BrowserRuns(store, false, 'for a test');

beforeAll(async () => {
  await writeTinyModel(folder);
  const options = {
    steps: 2,
    batchSize: 4,
    evaluateEvery: 2,
    sampleEvery: 2,
    sampleNum: 2,
    nsamples: 5,
    length: 8,
  };
  const run = await runsIn(new MemoryStore()).create('mine', options);
  await run.extract({ files: [new File([tinyTitles(150).join('\n')], 'titles.txt')] });
  const model = await openModelIn(fileFolder(folder));
  await run.finetune({ ...model, name: 'tiny' }, device);
  await model.weights.close();
  await run.generate(device);
  fingerprints = await readBaseFingerprints();
  await run.dedupe(fingerprints);
  await run.report({ styles: '', script: '' });
  for (const { path } of await run.files.list())
    sound.set(path, Buffer.concat(await collect(readBytesOf(run.files, path))));
});

type Changes = Readonly<Record<string, string | Uint8Array | undefined>>;

/** An archive of the run whose checksums are right, with files of it replaced, left out or added. */
async function archiveWith(changes: Changes): Promise<Blob> {
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

/** Opens an archive and does with it all that the page does: shows it, adds a text, judges, saves. */
async function use(content: Blob): Promise<void> {
  const runs = runsIn(new MemoryStore());
  const run = await runs.import({ name: 'a.tar', content });
  await run.close();
  for (const manifest of await runs.list()) storedRun(manifest);
  await run.keepWritten();
  await run.report({ styles: '', script: '' });
  shownTexts((await run.readJudgement())!, []);
  await lossCurve(run);
  await titlesRead(run);
  await run.generate(device, { nsamples: 1, length: 2 });
  await run.dedupe(fingerprints);
  const { figures, page } = await run.report({ styles: '', script: '' });
  shownVerdict(figures, page);
  await run.pack();
}

const text = (path: string): string => Buffer.from(sound.get(path)!).toString();

// biome-ignore lint/suspicious/noExplicitAny: a record that is to be spoilt in places.
type Json = any;
const changed = (path: string, change: (value: Json) => void) => {
  const value = JSON.parse(text(path));
  change(value);
  return { [path]: JSON.stringify(value) };
};

const cases: readonly (readonly [what: string, changes: () => Changes, line: RegExp | undefined])[] = [
  ['metrics no json', () => ({ 'metrics.jsonl': 'x\n' }), /metrics\.jsonl:1 is damaged/],
  ['metrics null', () => ({ 'metrics.jsonl': 'null\n' }), /metrics\.jsonl:1 is damaged/],
  [
    'metrics strings',
    () => ({ 'metrics.jsonl': '{"step":"<b>","loss":"x","validationLoss":{}}\n' }),
    /metrics\.jsonl:1 is damaged/,
  ],
  ['decisions', () => ({ 'decisions.jsonl': 'x\n' }), /decisions\.jsonl:1 is no decision/],
  ['decisions null', () => ({ 'decisions.jsonl': 'null\n' }), /decisions\.jsonl:1 is no decision/],
  ['generated', () => ({ 'generated.jsonl': 'x\n' }), /generated\.jsonl:1 is not a generated title/],
  ['generated null', () => ({ 'generated.jsonl': 'null\n' }), /generated\.jsonl:1 is not a generated title/],
  ['titles', () => ({ 'titles.csv': '"' }), /titles\.csv, line 1/],
  ['titles none', () => ({ 'titles.csv': undefined }), undefined],
  ['titles empty', () => ({ 'titles.csv': '' }), /titles\.csv: it is empty/],
  ['dropped', () => ({ 'dropped.csv': 'a"' }), /dropped\.csv, line 1/],
  ['dropped empty', () => ({ 'dropped.csv': '' }), /dropped\.csv: it is empty/],
  ['train', () => ({ 'dataset/train.txt': '\0\0\0' }), /train\.txt:1 is not a title/],
  ['train none', () => ({ 'dataset/train.txt': undefined }), /no titles to compare with/],
  ['train empty', () => ({ 'dataset/train.txt': '' }), /no titles to compare with/],
  ['validation none', () => ({ 'dataset/validation.txt': undefined }), undefined],
  ['losses', () => ({ 'title-losses.json': '{' }), /title-losses\.json is damaged/],
  ['losses null', () => ({ 'title-losses.json': 'null' }), /title-losses\.json is damaged/],
  [
    'losses shape',
    () =>
      changed('title-losses.json', (v) => {
        for (const k of Object.keys(v)) if (k !== 'formatVersion') v[k] = 'x';
      }),
    /title-losses\.json is damaged/,
  ],
  ['judgement', () => ({ 'judgement.json': '{' }), /judgement\.json is damaged/],
  ['config', () => ({ 'checkpoint/config.json': '{' }), /config\.json: not JSON/],
  ['config null', () => ({ 'checkpoint/config.json': 'null' }), /config\.json: not a JSON object/],
  [
    'config huge',
    () =>
      changed('checkpoint/config.json', (v) => {
        v.n_embd = 2 ** 40;
      }),
    /n_embd must be/,
  ],
  [
    'config layers',
    () =>
      changed('checkpoint/config.json', (v) => {
        v.n_layer = 1e9;
      }),
    /n_layer must be/,
  ],
  [
    'config vocab',
    () =>
      changed('checkpoint/config.json', (v) => {
        v.vocab_size = 1e12;
      }),
    /vocab_size must be/,
  ],
  [
    'config context',
    () =>
      changed('checkpoint/config.json', (v) => {
        v.n_positions = 1e9;
        v.n_ctx = 1e9;
      }),
    /n_positions must be/,
  ],
  [
    'config type',
    () =>
      changed('checkpoint/config.json', (v) => {
        v.model_type = 'bert';
      }),
    /model_type is "bert"/,
  ],
  ['config none', () => ({ 'checkpoint/config.json': undefined }), /config\.json: no such file/],
  [
    'safetensors cut',
    () => ({ 'checkpoint/model.safetensors': sound.get('checkpoint/model.safetensors')!.subarray(0, 2000) }),
    /behind the end of the file/,
  ],
  [
    'safetensors long header',
    () => ({ 'checkpoint/model.safetensors': Buffer.from('ffffffffffffff7f7b7d', 'hex') }),
    /its header does not fit the file/,
  ],
  ['safetensors empty', () => ({ 'checkpoint/model.safetensors': '' }), /its header does not fit the file/],
  ['safetensors none', () => ({ 'checkpoint/model.safetensors': undefined }), /holds no model\.safetensors/],
  [
    'safetensors json',
    () => ({
      'checkpoint/model.safetensors': Buffer.concat([
        Buffer.from('0400000000000000', 'hex'),
        Buffer.from('null'),
      ]),
    }),
    /its header is not a JSON object/,
  ],
  [
    'safetensors offsets',
    () => ({
      'checkpoint/model.safetensors': header({
        'transformer.wte.weight': { dtype: 'F32', shape: [-1, 1e12], data_offsets: [0, 1e15] },
      }),
    }),
    /is malformed/,
  ],
  ['tokenizer', () => ({ 'checkpoint/tokenizer.json': '{' }), /tokenizer\.json: not JSON/],
  ['tokenizer null', () => ({ 'checkpoint/tokenizer.json': 'null' }), /tokenizer\.json: not an object/],
  ['tokenizer empty', () => ({ 'checkpoint/tokenizer.json': '{}' }), /only BPE/],
  [
    'tokenizer vocab ids',
    () =>
      changed('checkpoint/tokenizer.json', (v) => {
        for (const k of Object.keys(v.model.vocab)) v.model.vocab[k] = 1e15;
      }),
    /is no whole number from 0/,
  ],
  [
    'tokenizer merges',
    () =>
      changed('checkpoint/tokenizer.json', (v) => {
        v.model.merges = [1, null, {}];
      }),
    /is no pair of tokens/,
  ],
  ['tokenizer none', () => ({ 'checkpoint/tokenizer.json': undefined }), undefined],
  ['samples', () => ({ 'samples/step-000002.txt': '\0' }), undefined],
  ['samples none', () => ({ 'samples/step-000002.txt': undefined }), undefined],
  ['canaries', () => ({ 'canaries.json': '{' }), /canaries\.json is damaged/],
  [
    'run: counts',
    () =>
      changed('run.json', (v) => {
        for (const s of Object.values<Json>(v.stages)) s.counts = null;
      }),
    /run\.json is damaged/,
  ],
  [
    'run: counts text',
    () =>
      changed('run.json', (v) => {
        for (const s of Object.values<Json>(v.stages))
          for (const k of Object.keys(s.counts)) s.counts[k] = '<b>';
      }),
    undefined,
  ],
  [
    'run: no stages',
    () =>
      changed('run.json', (v) => {
        v.stages = {};
      }),
    /has no judgement\.json yet/,
  ],
  [
    'run: stages list',
    () =>
      changed('run.json', (v) => {
        v.stages = [];
      }),
    /run\.json is damaged/,
  ],
  [
    'run: stage null',
    () =>
      changed('run.json', (v) => {
        v.stages.finetune = null;
      }),
    /run\.json is damaged/,
  ],
  [
    'run: stage text',
    () =>
      changed('run.json', (v) => {
        v.stages.finetune = 'done';
      }),
    /run\.json is damaged/,
  ],
  [
    'run: created',
    () =>
      changed('run.json', (v) => {
        v.createdAt = 'tomorrow';
      }),
    undefined,
  ],
  [
    'run: created number',
    () =>
      changed('run.json', (v) => {
        v.createdAt = 5;
      }),
    /run\.json is damaged/,
  ],
  [
    'run: options',
    () =>
      changed('run.json', (v) => {
        v.options.temperature = 'hot';
        v.options.nsamples = -1;
      }),
    /--nsamples got -1/,
  ],
  [
    'run: options null',
    () =>
      changed('run.json', (v) => {
        v.options = null;
      }),
    /run\.json is damaged/,
  ],
  [
    'run: decisions',
    () =>
      changed('run.json', (v) => {
        v.decisions = { source: 5, model: null };
      }),
    /run\.json is damaged/,
  ],
  [
    'run: prompts',
    () =>
      changed('run.json', (v) => {
        v.options.condition = ['subreddit'];
        v.stages.generate.options.condition = ['subreddit'];
      }),
    /writes what a prompt asks for \(--condition subreddit\)/,
  ],
  [
    'run: decisions null',
    () =>
      changed('run.json', (v) => {
        v.decisions = null;
      }),
    /run\.json is damaged/,
  ],
  [
    'run: outputs up',
    () =>
      changed('run.json', (v) => {
        v.stages.generate.outputs = { '../../x': { bytes: 1, sha256: 'x' } };
      }),
    /run\.json is damaged/,
  ],
  [
    'run: outputs null',
    () =>
      changed('run.json', (v) => {
        v.stages.finetune.outputs = null;
      }),
    /run\.json is damaged/,
  ],
  [
    'run: requests',
    () =>
      changed('run.json', (v) => {
        v.stages.generate.requests = [null, 5, { texts: 'x' }];
      }),
    /run\.json is damaged/,
  ],
  [
    'run: requests big',
    () =>
      changed('run.json', (v) => {
        v.stages.generate.requests = [{ first: 0, texts: 1e300, options: {} }];
      }),
    /run\.json is damaged/,
  ],
  [
    'run: name',
    () =>
      changed('run.json', (v) => {
        v.name = '../../evil';
      }),
    undefined,
  ],
  [
    'run: proto',
    () => ({ 'run.json': text('run.json').replace('"stages":', '"__proto__":{"x":1},"stages":') }),
    undefined,
  ],
  [
    'run: interrupted generate',
    () =>
      changed('run.json', (v) => {
        v.stages.generate.status = 'running';
      }),
    undefined,
  ],
  ['run: deep', () => ({ 'run.json': '['.repeat(200000) }), /run\.json is damaged/],
  [
    'run: remarks',
    () =>
      changed('run.json', (v) => {
        v.stages.extract.counts.remarks = [5, null];
        v.stages.extract.counts.droppedByReason = 5;
      }),
    undefined,
  ],
];

function header(tensors: object): Uint8Array {
  const json = Buffer.from(JSON.stringify(tensors));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json]);
}

test.each(cases)(
  'an archive with hostile contents, %s, ends in one line or does no harm',
  async (_, changes, line) => {
    const content = await archiveWith(changes());
    if (line) expect(await failureLine(() => use(content))).toMatch(line);
    else await use(content);
  },
);
