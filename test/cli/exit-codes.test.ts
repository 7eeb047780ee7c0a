import { expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.js';
import { InterruptedError, TitlesmithError, usageError } from '../../src/common/errors.js';

test.each([
  [usageError('No such flag.'), 2],
  [new InterruptedError(), 130],
  [new TitlesmithError('It broke.', { code: 'broke' }), 1],
  [new Error('a bug'), 1],
  ['thrown text', 1],
])('%s ends the process with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
