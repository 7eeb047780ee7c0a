import { describe, expect, it } from 'vitest';
import { cleanText } from '../../../src/data/cleaning/clean.js';

describe('white space that is a control character', () => {
  const controls = ['\t', '\n', '\v', '\f', '\r', '\r\n', '\u0085', '&#10;', '&Tab;', '&NewLine;'];

  it.each(controls.map((control) => [JSON.stringify(control), control]))('%s parts words', (_, control) => {
    expect(cleanText(`my cat${control}learned to drive`)).toBe('my cat learned to drive');
    expect(cleanText(`${control}my cat${control}`)).toBe('my cat');
  });

  it('goes where it stands beside a space, and other controls leave no gap', () => {
    expect(cleanText('my \n cat\u0007s le\ufeffarned')).toBe('my cats learned');
  });
});
