import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { runGenerate } from '../../../src/pipeline/stages/generate.js';
import { readPrefixFile } from '../../../src/pipeline/stages/prefix-file.js';
import type { StageJob, StageWorkContext } from '../../../src/pipeline/stages/stage.js';
import { fixtureFolder, temporaryFolder } from '../../model/transformer/fixtures.js';

function jobOf(options: Partial<RunOptions>, resume = false, folder = newRun()): StageJob {
  const all = { ...defaultOptions(), nsamples: 40, length: 12, temperature: 1, slots: 4, ...options };
  const places = { folder, work: join(folder, 'next/generate'), preparation: join(folder, 'next/preparing') };
  const nothing = { decisions: {}, counts: {}, beginsWithCheckpoint: false, startOver: false };
  return { stage: 'generate', ...places, runName: 'run', options: all, ...nothing, resume };
}

const quiet: StageWorkContext = { ...silentContext, begin: async () => {} };

/** A run folder with a checkpoint of a tiny model. */
function newRun(): string {
  const folder = temporaryFolder();
  cpSync(fixtureFolder('float32'), join(folder, 'checkpoint'), { recursive: true });
  return folder;
}

const generated = ({ work }: StageJob): string => readFileSync(join(work, 'generated.jsonl'), 'utf8');
const journalOf = ({ work }: StageJob): string => join(work, 'generated.partial.jsonl');

/** A context that asks to stop once so many texts are finished. */
function stopAfter(texts: number): StageWorkContext {
  let done = 0;
  return {
    ...quiet,
    onProgress: (event) => {
      if (event.kind === 'progress' && event.label === 'generate') done = event.done;
    },
    signal: {
      get aborted() {
        return done >= texts;
      },
    },
  };
}

describe('an interrupted generation', () => {
  test('keeps its finished texts, and goes on to the same bytes', async () => {
    const whole = jobOf({});
    await runGenerate(whole, quiet);
    const cut = jobOf({});
    for (const texts of [7, 20]) {
      await expect(runGenerate({ ...cut, resume: texts > 7 }, stopAfter(texts))).rejects.toBeInstanceOf(
        InterruptedError,
      );
      const kept = readFileSync(journalOf(cut), 'utf8').trimEnd().split('\n');
      expect(kept.length).toBeGreaterThanOrEqual(texts);
      expect(new Set(kept).size).toBe(kept.length);
      expect(generated(whole).split('\n')).toEqual(expect.arrayContaining(kept));
      // What a killed process was writing.
      appendFileSync(journalOf(cut), '{"index":39,"text":"half');
    }
    const counts = await runGenerate({ ...cut, resume: true }, quiet);
    expect(counts).toMatchObject({ generated: 40 });
    expect(generated(cut)).toBe(generated(whole));
    expect(existsSync(journalOf(cut))).toBe(false);
  });

  test('is not gone on with where the stage is to begin anew', async () => {
    const job = jobOf({});
    await expect(runGenerate(job, stopAfter(5))).rejects.toBeInstanceOf(InterruptedError);
    await runGenerate({ ...job, options: { ...job.options, seed: 9 } }, quiet);
    const texts = generated(job)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seed: number });
    expect(texts).toHaveLength(40);
    expect(texts.every(({ seed }) => seed === 9)).toBe(true);
  });

  test('names the line of a journal that somebody changed', async () => {
    const job = jobOf({});
    mkdirSync(job.work, { recursive: true });
    writeFileSync(journalOf(job), '{"index":0}\n');
    await expect(runGenerate({ ...job, resume: true }, quiet)).rejects.toThrow(
      'generated.partial.jsonl:1 is not a generated title',
    );
  });
});

describe('texts that are added', () => {
  const indicesOf = (job: StageJob): number[] =>
    generated(job)
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { index: number }).index);

  test('are those that a larger request would have had at their place', async () => {
    const whole = jobOf({});
    await runGenerate(whole, quiet);
    const begun = jobOf({ nsamples: 25 });
    await runGenerate(begun, quiet);
    cpSync(join(begun.work, 'generated.jsonl'), join(begun.folder, 'generated.jsonl'));
    const counts = await runGenerate({ ...begun, request: { first: 25, nsamples: 15 } }, quiet);
    expect(counts).toMatchObject({ generated: 40 });
    expect(generated(begun)).toBe(generated(whole));
  });

  test('have indices of their own, also of several prefixes, and after an interruption', async () => {
    const path = join(temporaryFolder(), 'prefixes.txt');
    writeFileSync(path, 'the\nof\n');
    const job = jobOf({ nsamples: 25 });
    await runGenerate(job, quiet);
    cpSync(join(job.work, 'generated.jsonl'), join(job.folder, 'generated.jsonl'));
    const more = { ...jobOf({ prefixFile: path }, false, job.folder), request: { first: 25, nsamples: 10 } };
    const [cut, whole] = ['cut', 'whole'].map((name) => ({ ...more, work: join(job.folder, name) }));
    await runGenerate(whole!, quiet);
    await expect(runGenerate(cut!, stopAfter(6))).rejects.toBeInstanceOf(InterruptedError);
    await runGenerate({ ...cut!, resume: true }, quiet);
    expect(generated(cut!)).toBe(generated(whole!));
    expect(indicesOf(cut!)).toEqual(Array.from({ length: 45 }, (_, index) => index));
  });
});

describe('options', () => {
  test('slots change no text', async () => {
    const jobs = [1, 3, 64].map((slots) => jobOf({ slots }));
    for (const job of jobs) await runGenerate(job, quiet);
    expect(new Set(jobs.map(generated)).size).toBe(1);
  });

  test('a file of prefixes gives nsamples texts of each', async () => {
    const path = join(temporaryFolder(), 'prefixes.txt');
    writeFileSync(path, 'the\r\n\nof it\n');
    const job = jobOf({ prefixFile: path, nsamples: 5, length: 6 });
    await runGenerate(job, quiet);
    const texts = generated(job)
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text);
    expect(texts).toHaveLength(10);
    expect(texts.map((text) => text.startsWith('the') || text.startsWith('of it'))).not.toContain(false);
    expect(texts.filter((text) => text.startsWith('of it')).length).toBeGreaterThanOrEqual(5);
  });

  test('int8 generates too', async () => {
    const job = jobOf({ precision: 'int8', nsamples: 5 });
    expect(await runGenerate(job, quiet)).toMatchObject({ generated: 5 });
  });
});

describe('a file of prefixes', () => {
  const write = (content: string | Uint8Array): string => {
    const path = join(temporaryFolder(), 'prefixes.txt');
    writeFileSync(path, content);
    return path;
  };

  test('is one prefix a line; white space belongs to it', async () => {
    expect(await readPrefixFile(write('\ufeffWhy do \r\n\r\n What\n'))).toEqual(['Why do ', ' What']);
  });

  test.each([
    ['empty', '\n\n', 'holds no prefix'],
    ['not UTF-8', Uint8Array.of(0x61, 0xff), 'is not UTF-8 text'],
  ])('that is %s is refused', async (_, content, message) => {
    await expect(readPrefixFile(write(content))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });

  test('that is not there is named', async () => {
    await expect(readPrefixFile('/no/such/file')).rejects.toThrow('/no/such/file: no such file');
  });
});
