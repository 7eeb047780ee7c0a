import { join } from 'node:path';
import { packageRoot } from '../../src/io/package-root.js';
import type { PageCommand } from './pages.js';

/** As .ci/install-test-tools fetches it. */
export const sentenceModelFolder = join(packageRoot, '.cache', 'sentence-model');

/** What a command needs of a machine, beyond titlesmith. */
export type Need =
  | 'the BigQuery emulator'
  | 'fake-gcs-server'
  | 'PyTorch'
  | 'GNU time'
  | 'zstd'
  | 'the sentence model';

/** How a command of the pages is run. */
export interface Plan {
  readonly of: RegExp;
  /** Put at the end of the command: the same work, less of it. */
  readonly smaller?: string;
  readonly needs?: readonly Need[];
  /** A server: asked for its page once it has said the address, then ended by Ctrl-C. */
  readonly serves?: boolean;
  /** Runs are put aside before, as on a machine that has none. */
  readonly elsewhere?: boolean;
  readonly exitCode?: number;
  /** What standard output has to say. */
  readonly says: RegExp;
  /** What has to be there afterwards. */
  readonly leaves?: readonly string[];
}

const training = '--steps 3 --batch-size 2 --sample-every 0 --threads 1';
const pipeline = `--limit 120 ${training} --nsamples 8 --length 8`;
const report = 'runs/askreddit/report.html';
const table = /^\| .* \|$/m;

/** The first that fits a command is its plan. */
export const plans: readonly Plan[] = [
  {
    of: /^npm run -s pipeline -- --source bigquery /,
    smaller: pipeline,
    needs: ['the BigQuery emulator'],
    says: /^ {2}titles +\d\d extracted, [\s\S]*^ {2}report +runs\/askreddit\/report.html$/m,
  },
  {
    of: /^npm run -s pipeline -- .* --add-months /,
    smaller: pipeline,
    says: /^ {2}report +runs\/askreddit\/report.html$/m,
    leaves: ['runs/askreddit/months'],
  },
  { of: /^npm run -s pipeline -- /, smaller: pipeline, says: /^ {2}report +runs\/\S+\/report.html$/m },
  {
    of: /^npm run -s generate -- .*--prefix "What is the" /,
    smaller: '--length 8',
    says: /^(?:What is the[^\n]*\n=+\n){19}What is the[^\n]*$/m,
  },
  {
    of: /^npm run -s generate -- .*--subreddit /,
    smaller: '--length 8',
    says: /^(?:[^\n]*\n=+\n){19}[^\n]*$/m,
  },
  {
    of: /^npm run -s generate -- .*--print-only /,
    smaller: '--length 8',
    says: /^(?:[^\n]*\n=+\n){4}[^\n]*$/m,
  },
  {
    of: /^npm run -s generate -- .*--nsamples 20 /,
    smaller: '--length 8',
    says: /^(?:[^\n]*\n=+\n){19}[^\n]*$/m,
  },
  { of: /^npm run -s finetune -- /, smaller: training, says: /3 steps/ },
  { of: /^npm run -s dedupe -- /, says: /accepted/, leaves: ['runs/askreddit/accepted.txt'] },
  { of: /^npm run -s report -- /, says: /report\.html/, leaves: [report] },
  { of: /^npm run -s review -- /, serves: true, says: /^Review of askreddit: http/m },
  {
    of: /^npm run -s serve -- /,
    serves: true,
    smaller: '--slots 2 --threads 1',
    says: /^askreddit.*: http/m,
  },
  {
    of: /^npm run -s site$/,
    says: /^all that a browser loads: wasm .* of at most 35000$/m,
    leaves: ['dist/site/index.html'],
  },
  { of: /^npm run -s tool -- structure/, says: /^\| exports without a user \| \d+ \|$/m },
  { of: /^npm run -s tool -- marked-words /, says: /^ +0\.\d\d +\d+ +[\d.]+% +[\d.]+%$/m },
  { of: /^npm run -s score -- /, says: /^[\d,]+ titles: \d\.\d{4} bits a byte, perplexity /m },
  { of: /^npm run -s list$/, says: /^askreddit +\S+ +\d[\d,]* +[\d.]+ MB +\d{4}-/m },
  {
    of: /^npm run -s show -- /,
    says: /^askreddit: .*; [\d.]+ MB, made by titlesmith [\s\S]*^ {2}report +done/m,
  },
  {
    of: /^npm run -s plot -- /,
    says: /^runs\/askreddit\/plots\/losses\.svg$/m,
    leaves: ['runs/askreddit/plots/ratings.svg'],
  },
  { of: /^npm run -s devices$/, says: /^onnxruntime cpu +works /m },
  { of: /^npm run -s export -- .* --format onnx /, says: /as onnx$/m, leaves: ['exported/onnx/model.onnx'] },
  {
    of: /^npm run -s export -- .* --format gguf /,
    says: /as gguf of (?:f16|q8_0)$/m,
  },
  {
    of: /^npm run -s export -- .*gs:.*\.zst$/,
    needs: ['fake-gcs-server', 'zstd'],
    says: /^gs:\/\/my-bucket\/titlesmith\/askreddit\.tar\.zst: askreddit$/m,
  },
  {
    of: /^npm run -s import -- gs:.*\.zst --run-name from-the-cloud$/,
    needs: ['fake-gcs-server', 'zstd'],
    says: /^runs\/from-the-cloud$/m,
    leaves: ['runs/from-the-cloud/report.html'],
  },
  { of: /^npm run -s export -- /, says: /\.tar\.gz: askreddit$/m },
  { of: /^npm run -s import -- /, elsewhere: true, says: /^runs\/askreddit$/m, leaves: [report] },
  { of: /^tar -xzf askreddit\.tar\.gz && cd askreddit && sha256sum /, says: /^$/ },
  { of: /^npm run -s batch -- .* --shard-index 0 /, says: /^1 of 1 runs done/m, leaves: ['shared/results'] },
  {
    of: /^npm run -s batch -- merge .*gs:/,
    needs: ['fake-gcs-server'],
    exitCode: 1,
    says: /shards missing: 0, 2, 3 of 4/,
  },
  { of: /^npm run -s batch -- merge /, exitCode: 1, says: /shards missing: 1, 2, 3 of 4/ },
  {
    of: /^npm run -s batch -- compare /,
    says: /^3 of 3 runs are in both, by their names\.$/m,
    leaves: ['batches.html'],
  },
  { of: /^npm run -s batch -- .*gs:/, needs: ['fake-gcs-server'], says: /^1 of 1 runs done/m },
  { of: /^npm config get registry$/, says: /^https?:\/\/\S+$/m },
  { of: /^npm run -s batch -- .* --notify 'mail /, says: /^3 of 3 runs done/m, leaves: ['mail.txt'] },
  { of: /^npm run -s batch -- /, says: /^3 of 3 runs done/m, leaves: ['runs/batch.html'] },

  // Benches: a nano, once, of almost nothing; peers only where the command says so and they are here.
  {
    of: /^npm run -s bench -- data\/generate-month /,
    needs: ['zstd'],
    smaller: '--posts 2000',
    says: /^2000 posts/m,
  },
  {
    of: /^npm run -s bench -- data\/read-dump /,
    smaller: '--posts 2000 --rounds 1 --skip polars --skip pandas --skip Python --skip jq',
    needs: ['GNU time', 'zstd'],
    says: /^\| titlesmith, to titles\.csv \| \d/m,
  },
  {
    of: /^npm run -s bench -- data\/bigquery-rows$/,
    smaller: '--rows 10000',
    needs: ['GNU time'],
    says: /10000 titles/,
  },
  { of: /^npm run -s bench -- data\/tokens$/, smaller: '--titles 2000', says: table },
  { of: /^npm run -s bench -- data\/tokenize /, smaller: '--rounds 1', says: /^\| titlesmith \| \d/m },
  {
    of: /^npm run -s bench -- dedupe\/compare /,
    smaller: '--outputs 20 --package-outputs 2',
    says: /^\| titlesmith \|/m,
  },
  {
    of: /^npm run -s bench -- dedupe\/growth$/,
    smaller: '--sizes 100,200 --outputs 10',
    says: /^\| 200 \|/m,
  },
  {
    of: /^npm run -s bench -- generate\/compare /,
    smaller: '--model nano --rounds 1 --texts 4 --slots 2 --threads 1 --only titlesmith',
    says: /^\| titlesmith float32, 2 slots/m,
  },
  {
    of: /^npm run -s bench -- dedupe\/semantic /,
    needs: ['the sentence model'],
    smaller: `--model ${sentenceModelFolder} --limit 200`,
    says: /^embedding: \d+ titles\/s/m,
  },
  { of: /^npm run -s bench -- generate\/step /, smaller: '--model nano --slots 2', says: /\d ms|"/ },
  { of: /^npm run -s bench -- generate\/cold /, smaller: '--model nano --rounds 1', says: /\d/ },
  {
    of: /^npm run -s bench -- generate\/texts /,
    smaller: '--model nano --texts 4 --slots 2',
    says: /^\{.*"textsPerSecond"/m,
  },
  { of: /^npm run -s bench -- generate\/soak /, smaller: '--texts 40 --slots 2', says: /^Resident memory/m },
  { of: /^npm run -s bench -- generate\/sampler$/, smaller: '--tokens 5', says: /"sampler"/ },
  {
    of: /^npm run -s bench -- generate\/novel-speed --run/,
    smaller: '--texts 4 --rounds 1',
    says: /^\| with --novel \|/m,
  },
  {
    of: /^npm run -s bench -- generate\/sampling /,
    smaller: '--model nano --texts 4 --slots 2 --rounds 1',
    says: /^\| int8, top-p 0\.9 \|/m,
  },
  {
    of: /^npm run -s bench -- generate\/sampler-draws$/,
    smaller: '--draws 500 --only Zipf.1.0',
    says: /"passes":true/,
  },
  {
    of: /^npm run -s bench -- generate\/novel /,
    smaller: '--draws 20',
    says: /^perplexity [\d.]+, guarded /m,
  },
  {
    of: /^npm run -s bench -- generate\/best-of /,
    smaller: '--texts 4 --most 4',
    says: /^\| best of 4 by both \|/m,
  },
  { of: /^npm run -s bench -- generate\/perplexity /, smaller: '--count 8', says: /^\| int8 \|/m },
  {
    of: /^npm run -s bench -- serve\/compare$/,
    smaller: '--clients 1 --seconds 1',
    says: /^\| titlesmith float32 \| 1 \|/m,
  },
  {
    of: /^npm run -s bench -- serve\/many-models/,
    smaller: '--adapters 3 --rounds 1 --seconds 0.5',
    says: /adapters ÷ one model: /,
  },
  {
    of: /^npm run -s bench -- serve\/soak /,
    smaller: '--minutes 0.02 --parts 2 --most-seconds 0.5',
    says: table,
  },
  {
    of: /^npm run -s bench -- finetune\/step /,
    smaller: '--model nano --steps 1 --rows 2',
    says: /"tokensPerSecond"/,
  },
  {
    of: /^npm run -s bench -- finetune\/compare /,
    smaller: '--model nano --rounds 1 --steps 1 --rows 2 --only float32',
    says: /titlesmith/,
  },
  {
    of: /^npm run -s bench -- finetune\/titles /,
    smaller: '--model nano --rounds 1 --steps 1',
    says: /titlesmith/,
  },
  {
    of: /^npm run -s bench -- finetune\/curve /,
    smaller: '--model nano --steps 2',
    needs: ['PyTorch'],
    says: /^Largest difference/m,
  },
];

/** What stands for something of the reader's own: replaced by what is here. */
export function ofHere(text: string, python: string | undefined): string {
  const peers = python === undefined ? '' : ` --python ${python}`;
  return (
    text
      .replace(/ --python \S+/, peers)
      .replace(/ --(?:llama|tensorflow) \S+/g, '')
      .replace(/ \[--[^\]]*\]/g, '')
      .replace('--project my-project', '--project fh-bigquery')
      .replace('/content/drive/MyDrive', 'drive')
      .replace('/mnt/shared', 'shared')
      // What the batch before it has left.
      .replace(' compare BEFORE AFTER ', ' compare runs runs/batch.json ')
      .replace(/^npm ci && /, '')
  );
}

/** A command that no test can run. */
export interface NotRun {
  readonly of: RegExp;
  /** Why it is not run, and what vouches for it. */
  readonly reason: string;
  /** The command for its program to read and refuse, with a flag that does not exist; the flag is all it may complain of. */
  readonly read?: (text: string) => string;
}

const flag = '--no-such-flag';

export const notRun: readonly NotRun[] = [
  { of: /^npm ci && npm test$/, reason: 'is what runs this test; .ci/run types it' },
  {
    of: /^gcloud auth application-default login$/,
    reason: 'opens a browser and asks for a Google account; gcloud reads it',
    read: (text) => `${text} ${flag}`,
  },
  {
    of: /^npm run -s bench -- site\//,
    reason: 'needs Chromium, and minutes; the compiler reads it',
  },
  {
    of: /^npm run -s bench -- quality\/communities /,
    reason: 'needs the titles that the base model was made of; the compiler reads it',
  },
  { of: /^npx vitest run /, reason: 'runs tests, as whatever runs this one does' },
  {
    of: /^npm run -s bench -- install\/managers/,
    reason: 'installs the package a dozen times; install.test.ts does it by npm, the compiler reads this',
  },
  {
    of: /^(?:npm install|npx titlesmith|npm pack$|(?:npm ci && )?npm run build && npm pack)/,
    reason:
      'installs into a project, or runs from there; test/deploy/install.test.ts does both in an empty one',
  },
  {
    of: /^npm run -s tool -- platform-packages /,
    reason: 'packs 80 MB; test/deploy/install.test.ts packs and installs the package of its system',
  },
  {
    of: /^docker (?:build|run) /,
    reason: 'needs a Docker daemon; docker reads it, and container.test.ts the Dockerfiles',
    read: (text) => text.replace(/^docker \w+/, `$& ${flag}`),
  },
  {
    of: /^node deploy\/image-steps\.mjs /,
    reason: 'downloads all packages anew; container.test.ts reads the steps that it takes',
  },
  {
    of: /^pip install "onnxruntime-gpu/,
    reason: 'downloads gigabytes for an NVIDIA card; plan.test.ts compares its version with the package',
  },
  { of: /^ONNXRUNTIME_NODE_INSTALL=/, reason: 'downloads 300 MB; the package knows the variable, see below' },
  {
    of: /^npm run -s tool -- base(?:-train)? /,
    reason: 'trains for days without a card; test/tools/base/train.test.ts does it on a few titles',
  },
  {
    of: /^npm run -s bench -- serve\/compare .*--llama FOLDER/,
    reason: 'needs node-llama-cpp and its model; serve/compare alone is run above',
  },
  { of: /^npm run test:device$/, reason: 'takes minutes; .ci/test-device runs part of it' },
  {
    of: /^npm run -s bench -- batch\/(?:kills|many) /,
    reason: 'takes minutes to an hour; test/cli and test/batch do it once, the compiler reads this',
  },
  {
    of: /^npm run -s bench -- (finetune\/(grid|less-by-heart)|dedupe\/(verdict|trainings)) /,
    reason: 'takes minutes to hours; the compiler reads it',
  },
  {
    of: /^npm run -s bench -- gpu\//,
    reason: 'needs a graphics card, or a quarter of an hour; the compiler reads it',
  },
  {
    of: /^npm run -s serve -- runs(?:$|\/askreddit runs\/jokes )/,
    reason: 'needs several runs; test/serve/many-models.test.ts serves some',
  },
  { of: /jupyter nbconvert /, reason: 'needs Jupyter; notebook.test.ts runs it' },
  {
    of: /^npm run -s tool -- (?:options-page|sample|gpt2-tokens)$/,
    reason: 'writes into the repository; options-page.test.ts and gpt2-tokens.test.ts compare',
  },
  { of: /^tensorboard /, reason: 'is a server of its own; event-file.test.ts reads the files with it' },
];

/** Why a command is not run; undefined where it is. */
export function whyNotRun({ text }: PageCommand): NotRun | undefined {
  return notRun.find(({ of }) => of.test(text));
}

/** How a command is run; undefined where it is not, or nobody has planned for it. */
export function planOf(command: PageCommand): Plan | undefined {
  if (whyNotRun(command)) return undefined;
  return plans.find(({ of }) => of.test(command.text.replace(/^npm ci && /, '')));
}
