import { expect, test } from 'vitest';
import { nanoConfiguration } from '../../../src/model/transformer/configuration.js';
import { defaultSlots, parameterBytes, slotBytes } from '../../../src/model/transformer/slots.js';
import { publishedShape } from '../../../src/model/weights/model-name.js';

const shape = (name: string) => publishedShape(name)!;

test('a token of 124M takes 12 layers of keys and values, 768 wide, in float32', () => {
  expect(slotBytes(shape('124M'), 1)).toBe(2 * 12 * 768 * 4);
  // 124,439,808 parameters (Radford et al. 2019, as released).
  expect(parameterBytes(shape('124M'))).toBe(4 * 124_439_808);
});

test('as many slots as texts, up to what makes decoding faster', () => {
  expect(defaultSlots(shape('124M'), 65, 3)).toBe(3);
  expect(defaultSlots(shape('124M'), 65, 1000)).toBe(256);
  expect(defaultSlots(nanoConfiguration(5000), 65, 1000)).toBe(256);
});

test.each(['124M', '355M', '774M', '1558M'])('%s: keys and values stay modest beside the weights', (name) => {
  for (const capacity of [32, 65, 128, 1024]) {
    const slots = defaultSlots(shape(name), capacity);
    expect(slots).toBeGreaterThanOrEqual(1);
    const most = Math.max(1.25 * 2 ** 30, parameterBytes(shape(name)) / 2);
    expect(slots * slotBytes(shape(name), capacity)).toBeLessThanOrEqual(most);
  }
});
