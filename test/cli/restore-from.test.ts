import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { replacedOptions } from '../../src/options/table/training.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();

function train(name: string, ...more: string[]) {
  const input = ['--source', 'csv', '--input', 'titles.csv', '--run-name', name, '--until', 'finetune'];
  const size = ['--batch-size', '1', '--sample-every', '0'];
  return runCli(['pipeline', ...input, ...size, ...more], folder);
}

function manifest(name: string) {
  return JSON.parse(readFileSync(join(folder, 'runs', name, 'run.json'), 'utf8'));
}

beforeAll(async () => {
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(60)));
  const first = await train('first', '--model', 'nano', '--steps', '6', '--learning-rate', '1e-3');
  expect(first.code).toBe(0);
});

describe('--restore-from PATH', () => {
  test('starts a new training from the weights of another run', async () => {
    // By its name, as by its path.
    const second = await train('second', '--restore-from', 'first', '--steps', '2', '--sample-num', '3');
    expect(second.code).toBe(0);
    const { decisions, stages } = manifest('second');
    expect(decisions.model).toMatchObject({ choice: 'runs/first', reason: 'named with --restore-from' });
    const [before, after] = [manifest('first').stages.finetune.counts, stages.finetune.counts];
    expect(after.initialValidationLoss).toBeCloseTo(before.bestValidationLoss, 4);
    expect(after.steps).toBe(2);
  });

  test('is recorded: the run goes on without it', async () => {
    const again = await train('second', '--steps', '2', '--sample-num', '3');
    expect(again.errors).toMatch(/^finetune +skipped/m);
    expect(manifest('second').decisions.model.choice).toBe('runs/first');
  });

  test('of the run itself is its latest, and --model cannot name it, which loses nothing', async () => {
    const weights = join(folder, 'runs/first/checkpoint/model.safetensors');
    const { mtimeMs } = statSync(weights);
    const own = ['finetune', 'runs/first', '--restore-from', 'runs/first/checkpoint'];
    expect((await runCli(own, folder)).errors).toMatch(/^finetune +skipped/m);
    const refused = await runCli(['finetune', 'runs/first', '--model', 'runs/first/checkpoint'], folder);
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toMatch(/--model runs\/first\/checkpoint belongs to this run/);
    expect(statSync(weights).mtimeMs).toBe(mtimeMs);
  });

  test('fresh trains anew, from what the run started from, to the same weights', async () => {
    const weights = join(folder, 'runs/second/checkpoint/model.safetensors');
    const before = readFileSync(weights);
    const { mtimeMs } = statSync(weights);
    const fresh = await train('second', '--restore-from', 'fresh', '--steps', '2', '--sample-num', '3');
    expect(fresh.code).toBe(0);
    expect(statSync(weights).mtimeMs).toBeGreaterThan(mtimeMs);
    expect(readFileSync(weights).equals(before)).toBe(true);
  });

  test('latest says that its steps are further ones, and names the options that were changed alone', async () => {
    const behind = manifest('second').stages.finetune.counts.bestStep;
    const further = await runCli(
      ['finetune', 'second', '--restore-from', 'latest', '--steps', '1', '--max-epochs', '3'],
      folder,
    );
    expect(further.code).toBe(0);
    expect(further.errors).toMatch(/^finetune +1 further step, after those that its checkpoint has made$/m);
    expect(further.errors).toMatch(/^finetune +its options changed: .*--steps/m);
    expect(further.errors).not.toMatch(/trained anew/);
    expect(further.errors).not.toMatch(/options changed: .*--(patience|max-epochs|minimum-steps)/);
    expect(further.errors).toMatch(/^finetune +model: runs\/first \(.*\)\nfinetune +device: /);
    const { counts } = manifest('second').stages.finetune;
    expect(counts.earlier.steps).toBe(behind);
    expect(further.output).toContain('  training   1 further step, ');
    expect(further.output).toContain(` (${behind + 1} steps, `);
  });

  test('latest leaves a model that nothing but fresh replaces', async () => {
    const weights = () => readFileSync(join(folder, 'runs/second/checkpoint/model.safetensors'));
    const before = weights();
    const kept = /^finetune +skipped: the model was trained further with --restore-from latest, and stays/m;
    expect((await runCli(['finetune', 'second'], folder)).errors).toMatch(kept);
    expect((await train('second', '--steps', '2', '--sample-num', '3')).errors).toMatch(kept);
    const refused = await runCli(['finetune', 'second', '--learning-rate', '2e-4'], folder);
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toMatch(
      /trained further .* another training \(--learning-rate\)\. .* fresh trains anew/,
    );
    expect(weights().equals(before)).toBe(true);
    const again = ['finetune', 'second', '--restore-from', 'latest', '--steps', '1'];
    const further = await runCli([...again, '--max-epochs', '3'], folder);
    expect(further.errors).toMatch(/^finetune +its last checkpoint is trained further$/m);
    expect(weights().equals(before)).toBe(false);
    const fresh = await runCli(['finetune', 'second', '--restore-from', 'fresh', '--steps', '2'], folder);
    expect(fresh.code).toBe(0);
  });

  test('must name something', async () => {
    const refused = await train('third', '--restore-from', 'newest');
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toContain('--restore-from got "newest", which is neither latest nor fresh');
  });
});

describe('pipeline that names a run and nothing else', () => {
  const note = /^extract|source and options are those recorded in runs\/first, where none is given/m;

  test('goes on with what is recorded in it', async () => {
    const before = manifest('first');
    const went = await runCli(['pipeline', '--run-name', 'first', '--nsamples', '3'], folder);
    expect(went.code).toBe(0);
    expect(went.errors).toMatch(note);
    expect(went.errors).toMatch(/^finetune +skipped/m);
    const { options, stages } = manifest('first');
    expect(options).toMatchObject({ ...before.options, nsamples: 3, until: 'report' });
    expect(stages.report.status).toBe('done');
  });

  test('is what a stale stage is said to need, and does it', async () => {
    const further = await runCli(
      ['finetune', 'first', '--restore-from', 'latest', '--steps', '1', '--max-epochs', '3'],
      folder,
    );
    const command = /^stale: generate, .*"titlesmith (pipeline --run-name first)" brings/m;
    const [, line = ''] = command.exec(further.errors) ?? [];
    const trained = manifest('first').stages.finetune;
    const again = await runCli(line.split(' '), folder);
    expect([again.code, lastLine(again)]).toEqual([0, expect.any(String)]);
    expect(manifest('first').stages.finetune).toEqual(trained);
  });

  test('needs the run to be there', async () => {
    const refused = await runCli(['pipeline', '--run-name', 'nowhere'], folder);
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toMatch(/--input or --subreddit is missing\. .*a run that is there/);
  });
});

describe('flags of gpt-2-simple', () => {
  test('that go by another name here are taken', async () => {
    const named = await train('named', '--model', 'nano', '--epochs', '0.5', '--use-memory-saving-gradients');
    expect(named.code).toBe(0);
    expect(manifest('named').options).toMatchObject({ maxEpochs: 0.5, recompute: true });
  });

  test.each(Object.keys(replacedOptions))('%s says what stands in its place', async (flag) => {
    const refused = await runCli(['finetune', 'runs/first', flag, '1'], folder);
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toContain(
      `${flag} is an option of gpt-2-simple alone: ${replacedOptions[flag]}.`,
    );
  });
});
