import { describe, expect, it } from 'vitest';
import type { CanaryFindings, CanaryGroup } from '../../src/common/canaries.js';
import { exactShare } from '../../src/dedupe/canary-findings.js';
import { buildReport } from '../../src/report/build-report.js';
import { exampleInput, inventTitles, reportPage } from './example.js';

function group(repeats: number, total: number, known: number, traced: number): CanaryGroup {
  return {
    repeats,
    total,
    known: exactShare(known, total),
    exposure: 3.25,
    traced: exactShare(traced, total),
  };
}

/** The figures of report.json, and the text of the section. */
async function sectionOf(canaries?: CanaryFindings) {
  const figures = buildReport(
    await exampleInput({ outputs: inventTitles(40, 'outputs'), ...(canaries ? { canaries } : {}) }),
  );
  const section = /<h2 id="canaries">[\s\S]*?<\/section>/.exec(reportPage(figures))?.[0] ?? '';
  return { figures, text: section.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ') };
}

describe('the canaries of a report', () => {
  const found: CanaryFindings = {
    passes: 6.25,
    references: 1999,
    groups: [group(1, 60, 6, 40), group(8, 20, 20, 20)],
  };

  it('are shown by how often a pass showed them, and stand in report.json', async () => {
    const { figures, text } = await sectionOf(found);
    expect(figures.canaries).toEqual(found);
    expect(text).toContain('80 invented titles stood among those to train on');
    expect(text).toContain('1,999 more, made in the same way, did not');
    expect(text).toContain('once 60 10.0% (6) 3.8% to 20.5% 3.25 66.7% (40) 53.3% to 78.3%');
    expect(text).toContain('8 times 20 100% (20) 83.2% to 100%');
    expect(text).toContain(
      'has made 6.25 passes over the titles. Of the canaries that each showed once it knows 10.0%',
    );
    expect(text).toContain(
      'more than chance explains: it learns texts by heart that it is shown as often as the titles.',
    );
  });

  it('say no more than the interval does', async () => {
    // Two of 60 are 3.3%, but the interval begins at 0.4%.
    const { text } = await sectionOf({ ...found, groups: [group(1, 60, 2, 1)] });
    expect(text).toContain('which chance may explain: it is not shown to learn texts by heart');
    expect(text).not.toContain('Training left a trace');
    const seldom = await sectionOf({ ...found, groups: [group(4, 60, 50, 50)] });
    expect(seldom.text).toContain('No canary was shown as seldom as the titles are.');
    expect(seldom.text).toContain(
      'it learns these by heart. Training left a trace of more of them than chance explains: whoever has the model may tell',
    );
  });

  it('say so where nothing that was learned was kept', async () => {
    const { text } = await sectionOf({ ...found, passes: 0 });
    expect(text).toContain('is the one that training began with: it has seen none of them.');
    expect(text).not.toContain('by heart (95%');
  });

  it('are not spoken of where none were planted', async () => {
    const { figures, text } = await sectionOf();
    expect(text).toBe('');
    expect(figures).not.toHaveProperty('canaries');
  });
});
