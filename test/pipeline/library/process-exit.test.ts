import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { finetuneTitles } from '../../../src/index.js';
import { packageRoot } from '../../../src/io/package-root.js';
import { testEngine as engine } from '../../model/test-engine.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-exit-'));
const titles = ['Why do cats sleep all day?', 'How do you cook rice?', 'Who invented the wheel?'];

beforeAll(async () => {
  await finetuneTitles(titles, { folder, steps: 1, batchSize: 1, engine });
});

/** Runs a program that has the library and a model. @returns its exit code and what it printed. */
function run(program: string): { status: number | null; output: string } {
  const start =
    `import { generate, loadModel } from ${JSON.stringify(join(packageRoot, 'dist/index.js'))};\n` +
    `const model = await loadModel(${JSON.stringify(folder)}, { slots: 2 });\n`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', start + program], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, output: stdout };
}

const moments: readonly (readonly [string, string])[] = [
  ['while a model generates', 'setImmediate(() => process.exit(7));'],
  ['from within a loop over texts', 'for await (const _ of generate(model)) process.exit(7);'],
  ['after an iterator was given up', 'await generate(model, { nsamples: 9 }).next(); process.exit(7);'],
  [
    'after a model was disposed of while it generated',
    'const texts = generate(model, { nsamples: 9 }); const next = texts.next();\n' +
      'await model.dispose(); await next.catch(() => {}); process.exit(7);',
  ],
  [
    'after a call of a model that was disposed of',
    'await model.dispose(); await generate(model).next().catch(({ code }) => console.log(code)); process.exit(7);',
  ],
];

test.each(moments)('process.exit ends the process %s', (_, program) => {
  const endless = program.startsWith('setImmediate')
    ? 'for await (const _ of generate(model, { nsamples: 1e6 }));'
    : '';
  expect(run(`${program}\n${endless}`)).toMatchObject({ status: 7 });
});

test('a process whose models are disposed of ends by itself', () => {
  const program =
    'for await (const _ of generate(model));\nawait model.dispose();\n' +
    'await generate(model).next().catch(({ code }) => console.log(code));';
  expect(run(program)).toEqual({ status: 0, output: 'model-disposed\n' });
});
