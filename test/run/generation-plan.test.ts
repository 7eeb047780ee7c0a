import { describe, expect, test } from 'vitest';
import type { DecidedOptions } from '../../src/run/decided-options.js';
import { checkReplacement, planGeneration, requestsWith } from '../../src/run/generation-plan.js';
import type { RecordedRequest, StageRecord } from '../../src/run/manifest.js';

const plain = { temperature: 0.7, seed: 1 };
const whatIs = { ...plain, prefix: 'What is', includePrefix: true };

function done(...requests: readonly (readonly [number, DecidedOptions])[]): StageRecord {
  let first = 0;
  const recorded = requests.map(([texts, options]): RecordedRequest => {
    first += texts;
    return { first: first - texts, texts, options };
  });
  return { status: 'done', startedAt: '', fingerprint: '', requests: recorded };
}

const base = {
  isForced: false,
  options: plain,
  nsamples: 200,
  prefixes: 1,
  given: undefined,
  takenFrom: undefined,
};

describe('the stage on its own', () => {
  test('adds nothing twice where the process that had added it was killed', () => {
    const finished = { ...done([40, plain], [5, plain]), holder: 'host 7 1' };
    const call = { ...base, finished, given: { nsamples: 5 }, nsamples: 5 };
    expect(planGeneration({ ...call, takenFrom: 'host 7 1' })).toBeUndefined();
    const more = { first: 45, nsamples: 5 };
    expect(planGeneration(call)).toEqual(more);
    expect(planGeneration({ ...call, takenFrom: 'host 8 1' })).toEqual(more);
    expect(planGeneration({ ...call, takenFrom: 'host 7 1', nsamples: 6 })).toEqual({ ...more, nsamples: 6 });
    expect(planGeneration({ ...call, takenFrom: 'host 7 1', options: whatIs })).toEqual(more);
  });

  test.each([
    ['nothing there: all', undefined, {}, plain, 200, { first: 0, nsamples: 200 }],
    ['no options: nothing', done([40, plain]), {}, plain, 200, undefined],
    ['--nsamples: so many more', done([40, plain]), { nsamples: 5 }, plain, 5, { first: 40, nsamples: 5 }],
    [
      'another prefix: more',
      done([40, plain]),
      { prefix: 'What is' },
      whatIs,
      200,
      { first: 40, nsamples: 200 },
    ],
    [
      'a prefix that was made: nothing',
      done([40, plain], [3, whatIs]),
      { prefix: 'What is' },
      whatIs,
      3,
      undefined,
    ],
    ['options that change nothing: nothing', done([40, plain]), { temperature: 0.7 }, plain, 200, undefined],
  ] as const)('%s', (_, finished, given, options, nsamples, request) => {
    expect(planGeneration({ ...base, finished, given, options, nsamples })).toEqual(request);
  });

  test('forced: anew', () => {
    const call = { ...base, finished: done([40, plain]), given: { overwrite: true }, isForced: true };
    expect(planGeneration(call)).toEqual({ first: 0, nsamples: 200 });
  });
});

describe('titles that more cannot be added to', () => {
  const titles = { last: done([40, plain], [5, whatIs]), file: 'generated.jsonl', why: 'were changed' };
  test.each([
    ['--nsamples', { nsamples: 5 }, plain],
    ['another temperature', { temperature: 1 }, { ...plain, temperature: 1 }],
    ['another prefix', { prefix: 'Why' }, { ...whatIs, prefix: 'Why' }],
  ])('are not replaced by %s', (_, given, options) => {
    const check = (): void => checkReplacement(titles, { options, given });
    expect(check).toThrow('cannot be added to generated.jsonl: the 45 that are there were changed.');
  });

  test('are made anew without options, and by the pipeline', () => {
    checkReplacement(titles, { options: plain, given: {} });
    checkReplacement(titles, { options: { ...plain, temperature: 1 }, given: undefined });
  });
});

describe('the pipeline', () => {
  const warm = { ...plain, temperature: 1 };
  test.each([
    ['brings the number to --nsamples', done([40, plain]), plain, 50, { first: 40, nsamples: 10 }],
    ['counts titles of a prefix', done([40, plain], [4, whatIs]), plain, 50, { first: 44, nsamples: 6 }],
    ['takes none away', done([40, plain]), plain, 30, undefined],
    ['makes titles anew for other options', done([40, plain]), warm, 40, { first: 0, nsamples: 40 }],
    ['honours a prefix when there are enough', done([40, plain]), whatIs, 40, { first: 0, nsamples: 40 }],
    ['does not remember a prefix', done([5, whatIs]), plain, 40, { first: 5, nsamples: 35 }],
  ] as const)('%s', (_, finished, options, nsamples, request) => {
    expect(planGeneration({ ...base, finished, options, nsamples })).toEqual(request);
  });

  test('brings each prefix of a file to as many', () => {
    const options = { ...plain, prefixes: 'hash' };
    const call = { ...base, finished: done([20, options]), options, prefixes: 2, nsamples: 15 };
    expect(planGeneration(call)).toEqual({ first: 20, nsamples: 5 });
  });
});

test('requests are recorded one after the other, and anew where texts are replaced', () => {
  const finished = done([40, plain]);
  const added = requestsWith({ first: 40, nsamples: 2 }, { finished, options: whatIs, prefixes: 3 });
  expect(added).toEqual([...(finished.requests ?? []), { first: 40, texts: 6, options: whatIs }]);
  const anew = requestsWith({ first: 0, nsamples: 2 }, { finished, options: whatIs, prefixes: 1 });
  expect(anew).toEqual([{ first: 0, texts: 2, options: whatIs }]);
});
