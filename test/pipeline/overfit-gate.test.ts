import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/common/progress.js';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { failsOnOverfit } from '../../src/pipeline/overfit-gate.js';
import type { Manifest } from '../../src/run/manifest.js';

function judge(verdict: string, failOnOverfit: boolean, failOn: RunOptions['failOn'] = []) {
  const counts = { verdict, copyShare: 0.4, excess: { share: 0.39, low: 0.3, high: 0.5 } };
  const manifest = { stages: { report: { counts } } } as unknown as Manifest;
  const events: ProgressEvent[] = [];
  const refused = failsOnOverfit({ ...defaultOptions(), failOnOverfit, failOn }, manifest, (event) =>
    events.push(event),
  );
  return { refused, events, said: events.map((event) => (event.kind === 'warning' ? event.message : '')) };
}

describe('--fail-on-overfit', () => {
  it('refuses a model that overfits, with the figures and the next step', () => {
    const { refused, said } = judge('overfits', true);
    expect(refused).toBe(true);
    expect(said).toEqual([
      '--fail-on-overfit: the model overfits: 40.0% of the outputs are copies, +39.0 percentage points against held-out ' +
        'titles. The report says what to do.',
    ]);
  });

  it.each(['healthy', 'leans'])('lets pass a model that is %s', (verdict) => {
    expect(judge(verdict, true)).toMatchObject({ refused: false, said: [] });
  });

  it('lets pass, aloud, what it cannot tell', () => {
    const { refused, said } = judge('unknown', true);
    expect(refused).toBe(false);
    expect(said[0]).toContain('there is not enough to tell');
  });

  it.each(['overfits', 'unknown'])(
    'warns in the name of the report stage of a model that is %s',
    (verdict) => {
      expect(judge(verdict, true).events).toMatchObject([{ kind: 'warning', stage: 'report' }]);
    },
  );

  it('judges only when asked', () => {
    expect(judge('overfits', false)).toMatchObject({ refused: false, said: [] });
  });

  it('refuses any verdict that --fail-on names, and no other', () => {
    const refused = judge('leans', false, ['underfits', 'leans']);
    expect(refused).toMatchObject({ refused: true, said: [expect.stringContaining('the verdict is leans')] });
    expect(judge('overfits', false, ['leans'])).toMatchObject({ refused: false, said: [] });
    expect(judge('unknown', true, ['unknown']).refused).toBe(true);
  });

  it('has nothing to say of a run without a report', () => {
    const manifest = { stages: {} } as unknown as Manifest;
    expect(failsOnOverfit({ ...defaultOptions(), failOnOverfit: true }, manifest, () => {})).toBe(false);
  });
});
