import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyRun, makeTemplate, treeOf } from './finished-run.js';
import { runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-overview-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Changes run.json of a run. */
function edit(run: string, change: (text: string) => string): void {
  const path = join(folder, run, 'run.json');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

beforeAll(async () => {
  await makeTemplate(folder);
  copyRun(folder, 'killed');
  edit('runs/killed', (text) => {
    const manifest = JSON.parse(text);
    manifest.stages.generate.status = 'running';
    delete manifest.stages.dedupe;
    delete manifest.stages.report;
    return JSON.stringify(manifest);
  });
  // The lock of a process that is gone.
  const lock = { pid: 2 ** 22 + 1, host: (await import('node:os')).hostname(), processStart: '', beat: 0 };
  writeFileSync(join(folder, 'runs/killed/run.lock'), JSON.stringify(lock));
  copyRun(folder, 'damaged');
  edit('runs/damaged', (text) => text.slice(0, 200));
  copyRun(folder, 'twin');
  edit('runs/twin', (text) => text.replace('"steps": 8', '"steps": 9').replace('"seed": 1', '"seed": 77'));
  mkdirSync(join(folder, 'runs/no-run'));
}, 120_000);

test('list says of each run what it is of, how large it is, and how far; and changes nothing', async () => {
  const before = treeOf(folder);
  const { code, output, errors } = await runCli(['list'], folder);
  expect(errors).toBe('');
  expect(code).toBe(0);
  const lines = output.split('\n');
  expect(lines[0]).toMatch(/^run +model +titles +size +last stage +state$/);
  expect(output).toMatch(/^template +nano +120 +[\d.]+ MB +\d{4}-\d\d-\d\d \d\d:\d\d +\S/m);
  expect(output).toMatch(/^killed .*stopped in generate$/m);
  expect(output).toMatch(/^damaged .*run\.json is damaged: it is not JSON\./m);
  expect(output).toMatch(/^4 runs in runs, [\d.]+ MB$/m);
  expect(treeOf(folder)).toEqual(before);
  const json = JSON.parse((await runCli(['list', 'runs', '--json'], folder)).output);
  expect(json.runs.map(({ name, state }: { name: string; state: string }) => [name, state]).sort()).toEqual([
    ['damaged', 'damaged'],
    ['killed', 'stopped'],
    ['template', 'done'],
    ['twin', 'done'],
  ]);
  const template = json.runs.find(({ name }: { name: string }) => name === 'template');
  const files = Object.keys(treeOf(join(folder, 'runs/template')));
  expect(files).toContain('run.json');
  expect(template.titles).toBe(120);
  expect(template.bytes).toBeGreaterThan(1e6);
});

test('show says what was chosen, what came of each stage, and the options that were given', async () => {
  const { code, output } = await runCli(['show', 'runs/template'], folder);
  expect(code).toBe(0);
  expect(output).toMatch(/^template: .+ made by titlesmith \d/);
  expect(output).toMatch(/^ {2}model +nano: named with --model$/m);
  expect(output).toMatch(/^ {2}finetune +done +[\d.]+ s +onnxruntime cpu$/m);
  expect(output).toContain('120 extracted, 120 kept');
  expect(output).toMatch(/^ {4}--input titles\.csv$/m);
  expect(output).toMatch(/^ {4}--steps 8$/m);
  expect(output).not.toContain('--run-name');
  const killed = await runCli(['show', 'runs/killed'], folder);
  expect(killed.output).toMatch(/^killed: stopped in generate/);
  expect(killed.output).toMatch(/^ {2}generate +stopped /m);
  expect(killed.output).toMatch(/^ {2}dedupe +not begun$/m);
  const json = JSON.parse((await runCli(['show', 'runs/template', '--json'], folder)).output);
  expect(json).toMatchObject({
    kind: 'result',
    name: 'template',
    state: 'done',
    counts: { extract: { kept: 120 } },
  });
  expect(json.options).toMatchObject({ steps: 8, model: 'nano' });
});

test('compare shows runs side by side, and the options in which they differ alone', async () => {
  const { code, output } = await runCli(['compare', 'runs/template', 'runs/twin'], folder);
  expect(code).toBe(0);
  expect(output).toMatch(/^ +template +twin$/m);
  expect(output).toMatch(/^titles to train on +(\d+) +\1$/m);
  expect(output).toMatch(/^--steps +8 +9$/m);
  expect(output).toMatch(/^--seed +1 +77$/m);
  expect(output).not.toMatch(/^--model/m);
  expect(output).not.toContain('not the same');
  cpSync(join(folder, 'runs/twin'), join(folder, 'runs/other'), { recursive: true });
  edit('runs/other', (text) => {
    const manifest = JSON.parse(text);
    manifest.stages.dataset.outputs['dataset/validation.txt'].sha256 = 'f'.repeat(64);
    manifest.stages.finetune.outputs['checkpoint/tokenizer.json'].sha256 = 'f'.repeat(64);
    return JSON.stringify(manifest);
  });
  const three = ['compare', 'runs/template', 'runs/other', 'runs/killed'];
  const other = await runCli(three, folder);
  expect(other.output).toContain('Their held-out titles are not the same');
  expect(other.output).toContain('Their tokens are not the same');
  expect(other.output).toMatch(/^verdict .*–$/m);
  expect(other.output).toMatch(/^twin: .*generate.* are of files that were replaced since\.$/m);
  // The page says the same, and is the same when it is written again.
  const paged = await runCli([...three, '--page', 'c.html'], folder);
  expect(paged.output).toBe(`${other.output}\npage: c.html\n`);
  const page = readFileSync(join(folder, 'c.html'), 'utf8');
  for (const text of ['3 runs side by side', 'held-out titles are not the same', '--steps', 'no report yet'])
    expect(page).toContain(text);
  expect(page.match(/<path class="line"/g)).toHaveLength(2 * 3);
  await runCli([...three, '--page', 'c.html'], folder);
  expect(readFileSync(join(folder, 'c.html'), 'utf8')).toBe(page);
  rmSync(join(folder, 'runs/other'), { recursive: true });
});

test('compare subtracts the losses of the same held-out titles, and of no others', async () => {
  cpSync(join(folder, 'runs/template'), join(folder, 'runs/better'), { recursive: true });
  const path = join(folder, 'runs/better/title-losses.json');
  const losses = JSON.parse(readFileSync(path, 'utf8'));
  const { bytes, model } = losses.heldOut as { bytes: number[]; model: number[] };
  // Better by a tenth of a bit a byte of each title, but for one: by hand.
  const gains = bytes.map((length, index) => (index === 0 ? 0.2 : 0.1) * length * Math.LN2);
  losses.heldOut.model = model.map((nats, index) => nats - gains[index]!);
  writeFileSync(path, JSON.stringify(losses));
  const total = bytes.reduce((sum, length) => sum + length, 0);
  const line = ['compare', 'runs/template', 'runs/better', 'runs/twin', '--json'];
  const { differences } = JSON.parse((await runCli(line, folder)).output);
  expect(differences[0]).toMatchObject({ against: 'runs/template', titles: bytes.length });
  const { value, low, high } = differences[0].bitsPerByte;
  expect(value).toBeCloseTo(-(0.1 + (0.1 * bytes[0]!) / total), 4);
  expect(low).toBeLessThan(-0.1);
  expect(high - value).toBeCloseTo(value - low, 8);
  // The same weights: the same losses.
  expect(differences[1].bitsPerByte).toEqual({ value: 0, low: 0, high: 0 });
  const said = await runCli(line.slice(0, -1), folder);
  expect(said.output).toMatch(/^ {2}runs\/better: predicts them better \(−0\.1\d\d, 95% from/m);
  edit('runs/better', (text) => {
    const manifest = JSON.parse(text);
    manifest.stages.finetune.inputs['dataset/validation.txt'].sha256 = 'f'.repeat(64);
    return JSON.stringify(manifest);
  });
  const other = await runCli(line.slice(0, -1), folder);
  expect(other.output).toMatch(
    /^ {2}runs\/better: not compared, as their held-out titles are not the same$/m,
  );
  losses.heldOut.model[0] = 'a';
  writeFileSync(path, JSON.stringify(losses));
  expect((await runCli(line.slice(0, -1), folder)).errors).toMatch(
    /^Error: runs\/better\/title-losses\.json is damaged: [^\n]+\n$/,
  );
  rmSync(join(folder, 'runs/better'), { recursive: true });
});

test('compare says which figures run.json does not have, and shows nothing in their place', async () => {
  cpSync(join(folder, 'runs/template'), join(folder, 'runs/hostile'), { recursive: true });
  edit('runs/hostile', (text) => {
    const manifest = JSON.parse(text);
    const { finetune, report, dedupe } = manifest.stages;
    delete finetune.counts.parameters;
    Object.assign(finetune.counts, { epochs: 'many', steps: -1, bitsPerByte: { model: null }, bestStep: {} });
    report.counts.verdict = 'toString';
    dedupe.counts = { accepted: 1.5 };
    return JSON.stringify(manifest).replace(/"finalValidationLoss":[\d.]+/, '"finalValidationLoss":1e999');
  });
  const paged = ['compare', 'runs/template', 'runs/hostile', '--page', 'h.html'];
  const { code, output, errors } = await runCli(paged, folder);
  expect([code, errors]).toEqual([0, '']);
  expect(output).toContain(
    'runs/hostile: run.json has no usable finetune.steps, finetune.epochs, finetune.bestStep, finetune.finalValidationLoss, ' +
      'finetune.parameters, finetune.bitsPerByte, dedupe.accepted, dedupe.rejected, dedupe.rejectedByReason, report.verdict: ' +
      'what needs it is not shown.',
  );
  for (const label of [
    'verdict',
    'parameters',
    'steps',
    'epochs',
    'perplexity after',
    'bits a byte',
    'accepted',
  ])
    expect(output).toMatch(new RegExp(`^${label} .* –$`, 'm'));
  edit('runs/hostile', (text) =>
    text
      .replace(/"(seconds|kept)":[\d.]+/g, '"$1":-1e300')
      .replace(/"startedAt":"[^"]+"/g, '"startedAt":"9999-99-99T99"'),
  );
  // run-cli.ts holds each line against its schema, in which counts are counts.
  const json = JSON.parse((await runCli(['show', 'runs/hostile', '--json'], folder)).output);
  expect(Object.keys(json.counts)).toEqual(['dataset', 'generate']);
  expect(json.seconds).toBe(0);
  const listed = JSON.parse((await runCli(['list', '--json'], folder)).output);
  const overview = listed.runs.find(({ folder }: { folder: string }) => folder === 'runs/hostile');
  expect(overview).toEqual({
    name: 'hostile',
    folder: 'runs/hostile',
    state: 'done',
    model: 'nano',
    bytes: overview.bytes,
  });
  const shown = await runCli(['show', 'runs/hostile'], folder);
  expect(shown.output).toContain('run.json has no usable extract.kept, finetune.steps, ');
  for (const text of [output, shown.output, readFileSync(join(folder, 'h.html'), 'utf8')])
    expect(text).not.toMatch(/NaN|Infinity|undefined|native code|∞/);
  rmSync(join(folder, 'runs/hostile'), { recursive: true });
});

test.each([
  [`${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`, 'it is nested more than 64 levels deep'],
  ['"a"', 'its contents do not have the expected form'],
])('a run.json with a stage that is no stage is damaged', async (stage, message) => {
  cpSync(join(folder, 'runs/twin'), join(folder, 'runs/odd'), { recursive: true });
  edit('runs/odd', (text) =>
    JSON.stringify({ ...JSON.parse(text), stages: { finetune: '@' } }).replace('"@"', stage),
  );
  const { code, output } = await runCli(['list'], folder);
  rmSync(join(folder, 'runs/odd'), { recursive: true });
  expect(code).toBe(0);
  expect(output).toContain(`odd/run.json is damaged: ${message}.`);
});

test('compare tells runs of one name apart, says what nobody recorded, and needs losses for a page alone', async () => {
  cpSync(join(folder, 'runs/twin'), join(folder, 'runs/copy'), { recursive: true });
  edit('runs/copy', (text) => {
    const manifest = JSON.parse(text);
    manifest.stages.dataset.outputs = {};
    return JSON.stringify(manifest);
  });
  const metrics = join(folder, 'runs/copy/metrics.jsonl');
  writeFileSync(metrics, `${readFileSync(metrics, 'utf8').split('\n')[0]}\nnull\n{"step":1}\n`);
  const line = ['compare', 'runs/twin', 'runs/copy'];
  const shown = await runCli(line, folder);
  expect(shown.code).toBe(0);
  expect(shown.output).toMatch(/^ +runs\/twin +runs\/copy$/m);
  const json = JSON.parse((await runCli([...line, '--json'], folder)).output);
  expect(json.same).toEqual({ heldOutTitles: null, tokens: true });
  const paged = await runCli([...line, '--page', 'd.html'], folder);
  expect(paged.errors).toBe(
    'Error: runs/copy/metrics.jsonl:2 is damaged: it is no JSON object with a step. Train again with titlesmith finetune, or take the line out.\n',
  );
  rmSync(join(folder, 'runs/copy'), { recursive: true });
});

test('models lists those with names, their licences and whether they are here', async () => {
  const { code, output } = await runCli(['models'], folder);
  expect(code).toBe(0);
  expect(output).toMatch(/^base +16,988,160 +68\.0 MB +MIT +ships with titlesmith +here$/m);
  // Radford et al. 2019 say 117M of it, and count otherwise; Hugging Face's num_parameters() gives this.
  expect(output).toMatch(/^124M +124,439,808 +497\.8 MB +MIT +openai-community\/gpt2 +not here$/m);
  expect(output).toMatch(/^smollm2 +134,515,008 .* Apache-2\.0 /m);
});

test('communities lists what the base model knows by name, all or some', async () => {
  const { communities } = JSON.parse((await runCli(['communities', '--json'], folder)).output);
  expect(communities).toEqual(communities.toSorted());
  expect(communities).toContain('baking');
  const { code, output } = await runCli(['communities', 'R/Baki'], folder);
  expect(code).toBe(0);
  expect(output).toMatch(/^baking\n/);
  expect(output).toMatch(/generate base --subreddit baking writes titles as for r\/baking\.\n$/);
  const base = await runCli(['info', 'base', '--json'], folder);
  expect(JSON.parse(base.output).communities).toBe(communities.length);
});

test('info says what a checkpoint is', async () => {
  const base = await runCli(['info', 'base'], folder);
  expect(base.output).toMatch(/^base: GPT-2, 16,988,160 parameters$/m);
  expect(base.output).toMatch(/^ {2}from +titlesmith's base model$/m);
  const run = await runCli(['info', 'runs/template', '--json'], folder);
  const config = JSON.parse(readFileSync(join(folder, 'runs/template/checkpoint/config.json'), 'utf8'));
  expect(JSON.parse(run.output)).toMatchObject({
    architecture: 'GPT-2',
    configuration: { layers: config.n_layer, width: config.n_embd, heads: config.n_head },
    tokenizer: { tokens: config.vocab_size, endId: config.eos_token_id },
  });
});

test('a run is named as list names it, where no such path is there', async () => {
  const shown = await Promise.all(
    [
      ['show', 'template', '--json'],
      ['show', 'runs/template', '--json'],
      ['compare', 'template', 'runs/twin', '--json'],
      ['info', 'template', '--json'],
    ].map((words) => runCli(words, folder)),
  );
  expect(shown.map(({ code, errors }) => [code, errors])).toEqual(shown.map(() => [0, '']));
  const [byName, byPath, compared, model] = shown.map(({ output }) => JSON.parse(output));
  expect(byName).toEqual(byPath);
  expect(JSON.stringify(compared)).toContain('runs/template');
  expect(model.path).toContain('runs/template');
  // What lies at the path goes before the run of that name.
  mkdirSync(join(folder, 'killed'));
  expect((await runCli(['show', 'killed'], folder)).errors).toContain(
    'killed is no run: it has no run.json.',
  );
  rmSync(join(folder, 'killed'), { recursive: true });
});

test.each([
  [['info', '124M'], 'openai-community/gpt2 is not in the cache. titlesmith models 124M fetches it.'],
  [['info', 'checkpoint/run1'], 'There is no folder checkpoint/run1 in '],
  [['info', 'templat'], 'no Hugging Face id (owner/name). Did you mean template?'],
  [['info', 'nano'], '"nano" names no model that is there'],
  [['info', 'titles.csv'], 'titles.csv is a file, not a model. '],
  [['models', '124M'], 'openai-community/gpt2 is not in the cache'],
  [['models', 'no such'], 'is no known model'],
  [['communities', 'no such'], 'has "no such" in its name. Try a shorter word;'],
  [['generate', 'base', '--subreddit', 'bakng'], 'does not know r/bakng: it is none of its '],
  [['score', 'base', 'titles.csv', '--subreddit', 'bakng'], 'Did you mean r/baking'],
  [['export', 'base', '--subreddit', 'bakng', '--output', 'none'], 'Did you mean r/baking'],
  [['list', 'nowhere'], 'There is no folder nowhere.'],
  [['list', 'titles.csv'], 'titles.csv is a file, not a folder of runs.'],
  [['list', 'runs/template'], 'runs/template is a run, not a folder of runs.'],
  [['show', 'nowhere'], 'nowhere is no run: there is no such folder, and no run of that name in runs.'],
  [['show', 'templat'], 'Did you mean template?'],
  [['show', '../template'], '../template is no run: there is no such folder. Did you mean template?'],
  [['report', 'templat'], 'templat is no run: there is no such folder, and no run of that name in runs. Did'],
  [
    ['generate', 'templat'],
    'templat is no run: there is no such folder, and no run of that name in runs. Did',
  ],
  [['show', '.'], '. is no run: it has no run.json.'],
  [['show', 'runs'], 'runs is no run: it has no run.json.'],
  [['show', 'runs/damaged'], 'run.json is damaged'],
  [['compare', 'runs/template'], 'compare needs two runs or more.'],
  [['compare', 'runs/template', 'runs/damaged'], 'run.json is damaged'],
  [
    ['compare', 'runs/template', 'runs/twin', '--page', 'titles.csv'],
    '"titles.csv", which is no name of a page.',
  ],
  [['compare', 'runs/template', 'runs/twin', '--page', 'none/a.html'], 'there is no folder none.'],
  [
    ['compare', 'runs/template', 'runs/twin', '--page', 'titles.csv/a.html'],
    'there is no folder titles.csv.',
  ],
  [['compare', 'runs/template', 'runs/twin', '--page', 'runs/.html'], 'which is no name of a page.'],
  [
    ['compare', 'runs/template', 'runs/twin', '--page', 'runs/template/report.html'],
    'which is there and no comparison.',
  ],
] as const)('%j is refused in one line', async (words, message) => {
  const { code, output, errors } = await runCli([...words], folder);
  expect(code).not.toBe(0);
  expect(output).toBe('');
  expect(errors).toContain(message);
  expect(errors.trim().split('\n')).toHaveLength(1);
});
