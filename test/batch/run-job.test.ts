import { expect, test } from 'vitest';
import { isTransient } from '../../src/batch/run-job.js';

test('what may pass is tried again', () => {
  expect(['bigquery-network', 'hub-busy', 'run-locked', 'killed'].map(isTransient)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['usage', 'no-titles', 'file-enospc', 'memory', 'hub-not-found'].some(isTransient)).toBe(false);
});
