import { describe, expect, it } from 'vitest';
import type { ChosenDevice } from '../../../src/model/engine/devices.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { decideTrainingDevice } from '../../../src/pipeline/decide/device.js';
import {
  decidedPrecision,
  decideMixedPrecision,
  describeMixedPrecision,
} from '../../../src/pipeline/decide/mixed-precision.js';
import { decideTrainingOptions } from '../../../src/run/training-decision.js';

/** A card as it was found; the driver need not say its compute capability. */
function card(computeCapability?: number, float16Shortage?: string): ChosenDevice {
  const choice = { engine: 'onnxruntime', device: 'cuda' } as const;
  const found = {
    ...(computeCapability === undefined ? {} : { computeCapability }),
    ...(float16Shortage === undefined ? {} : { float16Shortage }),
  };
  return { ...choice, reason: '', report: { ...choice, works: true, ...found } };
}
const other = (device: 'cpu' | 'webgpu'): ChosenDevice => ({ engine: 'onnxruntime', device, reason: '' });

describe('auto', () => {
  it.each([
    ['Pascal', card(6.1), 'off', 'compute capability 6.1 has no matrix units for float16'],
    ['Volta', card(7), 'float16', 'compute capability 7.0 has matrix units for it'],
    ['Turing', card(7.5), 'float16', 'compute capability 7.5 has matrix units for it'],
    ['Hopper', card(9), 'float16', 'compute capability 9.0 has matrix units for it'],
    ['a card that fails', card(8.6, 'it computes wrongly'), 'off', 'compute capability 8.6, but it computes'],
    ['a driver that is silent', card(), 'off', "CUDA's driver does not say"],
    ['WebGPU', other('webgpu'), 'off', 'faster in float16 with large steps alone'],
    ['the processor', other('cpu'), 'off', 'the processor computes float16 in float32'],
  ])('on %s', (_, device, choice, reason) => {
    for (const mixedPrecision of [undefined, 'auto'] as const) {
      const decision = decideMixedPrecision({ mixedPrecision }, device);
      expect(decision.choice).toBe(choice);
      expect(decision.reason).toContain(reason);
    }
  });

  it('is what a training computes in, and nothing else where a precision is named', () => {
    const decision = decideMixedPrecision({ mixedPrecision: undefined }, card(7.5));
    expect(describeMixedPrecision(decision)).toBe(
      'mixed precision: float16 (compute capability 7.5 has matrix units for it)',
    );
    const precision = decidedPrecision(decision);
    const options = defaultOptions();
    const of = (mixedPrecision?: 'auto' | 'off' | 'tf32'): string =>
      decideTrainingOptions('nano', { ...options, mixedPrecision }, precision).mixedPrecision;
    expect([of(), of('auto'), of('off'), of('tf32')]).toEqual(['float16', 'float16', 'off', 'tf32']);
    // A run of an earlier version recorded none.
    expect(decidedPrecision(undefined)).toBe('off');
  });
});

describe('a precision that is named', () => {
  it('is never replaced by another', () => {
    for (const mixedPrecision of ['off', 'tf32', 'float16'] as const) {
      const decision = decideMixedPrecision({ mixedPrecision }, card(8));
      expect(decision).toEqual({ choice: mixedPrecision, reason: 'named with --mixed-precision' });
    }
  });

  it.each([
    ['an older card', card(7.5), 'onnxruntime cuda: its compute capability is 7.5, and TF32 came with 8.0.'],
    ['WebGPU', other('webgpu'), "onnxruntime webgpu: only NVIDIA's cards have it, by cuda."],
  ])('is an error where the device does not have it: tf32 on %s', (_, device, message) => {
    expect(() => decideMixedPrecision({ mixedPrecision: 'tf32' }, device)).toThrow(
      `--mixed-precision tf32 is not available on ${message}`,
    );
  });

  it('is an error before anything is touched: tf32 on the processor', async () => {
    const request = { engine: 'onnxruntime', device: 'cpu', mixedPrecision: 'tf32' } as const;
    await expect(decideTrainingDevice(request)).rejects.toThrow(
      "--mixed-precision tf32 is not available on onnxruntime cpu: only NVIDIA's cards have it, by cuda.",
    );
  });
});
