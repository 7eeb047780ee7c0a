import { expect, test } from 'vitest';
import type { ProgressEvent } from '../../../src/common/progress.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { withLargerModelNote } from '../../../src/pipeline/stages/larger-model-note.js';

/** The notes of a training of 89 steps of 16 rows each, six passes over 237 rows. */
function notesOf(choice: string, device: string, given: Partial<RunOptions> = {}): string[] {
  const events: ProgressEvent[] = [];
  const reason = '';
  const decisions = { model: { choice, reason }, device: { choice: device, reason } };
  const listen = withLargerModelNote(decisions, { ...defaultOptions(), ...given }, 237, (event) =>
    events.push(event),
  );
  for (let done = 1; done <= 89; done++)
    listen({ kind: 'progress', label: 'train', done, total: 89, unit: 'steps' });
  expect(events.filter(({ kind }) => kind === 'progress')).toHaveLength(89);
  return events.flatMap((event) => (event.kind === 'note' ? [event.message] : []));
}

test('says once what 124M would take, where the base model was taken for want of a card', () => {
  expect(notesOf('base', 'onnxruntime cpu')).toEqual([
    expect.stringMatching(
      /^training takes about .* here; GPT-2 124M \(--model 124M\) would take about .*\.$/,
    ),
  ]);
  expect(notesOf('base', 'onnxruntime cpu', { model: 'base' })).toEqual([]);
  expect(notesOf('base', 'onnxruntime webgpu')).toEqual([]);
  expect(notesOf('nano', 'onnxruntime cpu')).toEqual([]);
});
