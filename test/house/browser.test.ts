import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

/** What a page will do with titles: each is bundled with all that it imports, as for a browser, where Node's modules are not. */
const entries = [
  'src/browser.ts',
  'src/data/cleaning/clean-titles.ts',
  'src/data/title-split.ts',
  'src/dedupe/dedupe.ts',
  'src/dedupe/title-judge.ts',
  'src/io/csv.ts',
  'src/io/lines.ts',
  'src/model/generation/generation-request.ts',
  'src/model/tokenizer/gpt2.ts',
  'src/model/training/training-loop.ts',
  'src/model/transformer/decode-session.ts',
  'src/model/weights/checkpoint-files.ts',
  'src/model/weights/folder-model.ts',
  'src/report/build-report.ts',
  'src/report/report-page.ts',
  'src/run/archive/pack-run.ts',
  'src/run/archive/unpack-run.ts',
  'src/run/training-checkpoint.ts',
];

test.each(entries)('%s bundles for a browser', async (entry) => {
  const { errors, outputFiles } = await build({
    entryPoints: [join(packageRoot, entry)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
    // As csv-parse's documentation has it: what it needs of Node's is bundled in this build of it.
    alias: { 'csv-parse': 'csv-parse/browser/esm' },
  });
  expect(errors).toEqual([]);
  expect(outputFiles[0]!.contents.length).toBeGreaterThan(500);
});
