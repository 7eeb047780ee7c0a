import { describe, expect, it } from 'vitest';
import { isSameWork, type StageWork } from '../../src/pipeline/stage-work.js';
import type { StageRecord } from '../../src/run/manifest.js';

const record = (values: Partial<StageRecord>): StageRecord => ({
  status: 'done',
  startedAt: '2020-01-01T00:00:00Z',
  fingerprint: 'f',
  device: 'onnxruntime cpu',
  options: { steps: 10, mixedPrecision: 'off' },
  ...values,
});
const work = (values: Partial<StageWork> = {}): StageWork => ({
  fingerprint: 'f',
  options: { steps: 10, mixedPrecision: 'off' },
  inputs: {},
  device: 'onnxruntime cpu',
  isAnyDevice: true,
  isAnyPrecision: true,
  begins: { withLatest: false, checkpoint: undefined },
  ...values,
});

it('a device that is named must be what computed a stage; auto takes what any has computed', () => {
  const byWebGpu = record({ device: 'onnxruntime webgpu' });
  expect(isSameWork(byWebGpu, work())).toBe(true);
  expect(isSameWork(byWebGpu, work({ isAnyDevice: false }))).toBe(false);
  expect(isSameWork(record({}), work({ isAnyDevice: false }))).toBe(true);
});

describe('a precision of training', () => {
  const half = record({ options: { steps: 10, mixedPrecision: 'float16' } });

  it('that is named must be the one of the training; auto takes any that is done', () => {
    expect(isSameWork(half, work())).toBe(true);
    expect(isSameWork(record({}), work({ options: { steps: 10, mixedPrecision: 'float16' } }))).toBe(true);
    expect(isSameWork(half, work({ isAnyPrecision: false }))).toBe(false);
    expect(isSameWork(record({}), work({ isAnyPrecision: false }))).toBe(true);
    expect(isSameWork(half, work({ options: { steps: 11, mixedPrecision: 'float16' } }))).toBe(false);
  });

  it('is kept by a training that is gone on with', () => {
    expect(isSameWork({ ...half, status: 'interrupted' }, work())).toBe(false);
    expect(isSameWork(record({ status: 'interrupted' }), work())).toBe(true);
  });
});
