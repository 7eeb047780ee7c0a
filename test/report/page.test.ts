import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { overfitStatistics, type RatedCopy } from '../../src/dedupe/verdict/statistics.js';
import { adviceFor } from '../../src/report/advice.js';
import { buildReport } from '../../src/report/build-report.js';
import { explainVerdict } from '../../src/report/verdict-explanation.js';
import { madeUpLosses } from '../dedupe/verdict/made-up-losses.js';
import { exampleInput, inventTitles, reportPage, verdict } from './example.js';

describe('renderReport', () => {
  it('gives the same bytes for the same run', async () => {
    const make = async () =>
      reportPage(buildReport(await exampleInput({ outputs: inventTitles(80, 'outputs') })));
    expect(await make()).toBe(await make());
  });

  it('can be made of report.json alone', async () => {
    const figures = buildReport(await exampleInput({ outputs: inventTitles(80, 'outputs') }));
    expect(reportPage(JSON.parse(JSON.stringify(figures)))).toBe(reportPage(figures));
  });

  it('allows exactly its own style and script', async () => {
    const page = reportPage(buildReport(await exampleInput({ outputs: inventTitles(40, 'outputs') })));
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!.replaceAll('&#39;', "'");
    const inside = (element: string) => new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page)![1]!;
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src ${hash(inside('style'))}`,
      `script-src ${hash(inside('script'))}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(page).not.toMatch(/\s(style|on\w+)="/);
    expect(page.match(/(?:https?:)?\/\/[\w.]+/g)).toBeNull();
  });

  it('says first what the verdict is, then what to do, then what was measured, then what was refused', async () => {
    const outputs = [...inventTitles(60, 'outputs'), ...inventTitles(12, 'train')];
    const page = reportPage(buildReport(await exampleInput({ outputs })));
    const order = [
      '<h1',
      'What to do',
      'What was measured',
      'What was refused',
      'How it learned',
      'Accepted titles',
      'Outputs and titles',
      'What was decided',
    ];
    const places = order.map((part) => page.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('shows refusals by kind, with counts and shares', async () => {
    const train = inventTitles(300, 'train');
    const outputs = [...train.slice(0, 3), ...inventTitles(16, 'outputs'), 'two\nlines'];
    const figures = buildReport(await exampleInput({ outputs, train }));
    const section = /<h2 id="refusals">[\s\S]*?<\/section>/.exec(reportPage(figures))![0];
    const rows = [...section.matchAll(/<tr role="row" class[\s\S]*?<\/tr>/g)].map(([row]) =>
      row
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    );
    expect(rows).toContain('exact copy 3 15.0% a training title, white space apart');
    expect(rows).toContain('broken text 1 5.0% a line break, a control character or bytes that are no text');
    const { accepted } = figures.verdicts;
    expect(rows.at(-1)).toMatch(new RegExp(`^accepted ${accepted} `));
    expect(section).toContain('No output was refused as: blank,');
    expect(section).not.toContain('paraphrase');
  });

  it('shows losses in bits a byte from step 0 on, and copies among samples with their intervals', async () => {
    const input = await exampleInput({ outputs: inventTitles(40, 'outputs') });
    const page = reportPage(buildReport(input));
    const section = /<h2 id="training">[\s\S]*?<\/section>/.exec(page)![0];
    // 7.62 nats a token at 0.26 tokens a byte.
    expect(section).toMatch(/Held-out loss goes from 2\.86 to [\d.]+ bits a byte/);
    expect(section).toMatch(/<th scope="row">0<\/th>\s*<td>2\.86<\/td>/);
    expect(section.match(/class="whisker"/g)).toHaveLength(2 * 16);
    const text = section.replace(/\s+/g, ' ');
    expect(text).toContain('30 of 32, 93.8% (95% interval 79.9% to 98.3%) after step 800, the last sample');
    expect(text).toContain('30 of 32'.replace('30', '13'));
    const { sampled, tokensPerByte, ...without } = input;
    const unknown = reportPage(buildReport(without));
    expect(unknown).toContain('bits a token');
    expect(unknown.replace(/\s+/g, ' ')).toContain('How many texts a sample had is not recorded');
    expect(unknown).not.toContain('class="whisker"');
  });

  it('says what was decided, and what of it was given', async () => {
    const page = reportPage(buildReport(await exampleInput({ outputs: inventTitles(40, 'outputs') })));
    const section = /<h2 id="decided">[\s\S]*?<\/section>/.exec(page)![0];
    const text = section.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    for (const said of [
      'Begun 2026-11-27 (UTC)',
      'titlesmith 1.0.0',
      'Device onnxruntime cpu, EPYC no graphics card was found',
      'Learning rate, highest 0.002',
      'Batch size 16 rows gradients of 2 batches summed: 32 rows a step',
      'Sequence length 80 tokens',
      'Steps 800 of 1,000 planned; kept: step 600',
      'Seed 1',
      '--temperature 0.7',
    ]) {
      expect(text).toContain(said);
    }
  });

  it('shows what there is of a run that was not trained here', async () => {
    const page = reportPage(
      buildReport(await exampleInput({ outputs: inventTitles(40, 'outputs'), trained: false })),
    );
    expect(page).not.toContain('How it learned');
    expect(page).toContain('Training titles');
  });

  it('says so when the source is synthetic, and only then', async () => {
    const outputs = inventTitles(40, 'outputs');
    expect(reportPage(buildReport(await exampleInput({ outputs, synthetic: true })))).toContain(
      'Synthetic data.',
    );
    expect(reportPage(buildReport(await exampleInput({ outputs })))).not.toContain('Synthetic data.');
  });

  describe('of a model that began as the base model', () => {
    const outputs = [
      ...Array.from({ length: 12 }, (_, index) => `Look at hedgehog ${index}`),
      ...inventTitles(48, 'outputs'),
    ];
    const heldOut = [...inventTitles(49, 'held out'), 'Look at hedgehog 3'];
    const baseTitles = {
      size: 2_000_000,
      falsePositiveRate: 2 ** -14,
      has: (title: string) => title.startsWith('Look at'),
    };
    const sectionOf = async (more = {}) => {
      const figures = buildReport(await exampleInput({ outputs, heldOut, baseTitles, ...more }));
      const section = /<h2 id="base-titles">[\s\S]*?<\/section>/.exec(reportPage(figures))?.[0] ?? '';
      return { figures, text: section.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ') };
    };

    it('shows base copies apart, beside the share among held-out titles', async () => {
      const { figures, text } = await sectionOf();
      expect(text).toContain('titles that the base model was trained on are refused as base copies');
      expect(text).toContain('Outputs 60 20.0% (12) 11.8% to 31.8%');
      expect(text).toContain('Held-out titles 50 2.0% (1) 0.4% to 10.5%');
      expect(text).toContain('beyond chance');
      // One of them is the held-out title.
      expect(text).toContain('11 outputs are refused as base copies. The other is refused for a reason');
      expect(text).toContain('1 held-out title is not new to the base model');
      const other = await sectionOf({ baseTitles: undefined });
      expect(figures.overfit).toEqual(other.figures.overfit);
      expect(figures.mostCopied).toEqual(other.figures.mostCopied);
    });

    it('says where they are kept', async () => {
      const { figures, text } = await sectionOf({ keepBaseCopies: true });
      expect(text).toContain('kept, as asked for');
      expect(text).toContain('Outputs 60 20.0% (12)');
      expect(figures.verdicts.rejected.map(({ name }) => name)).not.toContain('base copy');
    });

    it('has nothing of it for another model', async () => {
      const { figures, text } = await sectionOf({ baseTitles: undefined });
      expect(text).toBe('');
      expect(JSON.stringify(figures)).not.toMatch(/"base/);
    });
  });

  it('stays below 3 MB for 10,000 outputs', async () => {
    const outputs = inventTitles(10_000, 'outputs').map((title, i) => `${title} ${i.toString(36)}`);
    const page = reportPage(buildReport(await exampleInput({ outputs, train: inventTitles(300, 'train') })));
    expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
  });

  it('stays below 3 MB though every title is long and made of markup', async () => {
    const example = await exampleInput({ outputs: inventTitles(40, 'outputs') });
    const verdicts = Array.from({ length: 10_000 }, (_, index) => {
      const text = `${index}${'<b>"\u0001'.repeat(60)}`;
      return verdict(index, {
        text,
        rating: 0.9,
        matched: `${text}!`,
        reason: 'near copy',
        evidence: 'rated 0.9',
      });
    });
    const judgement = { ...example.judgement, verdicts };
    const page = reportPage(buildReport({ ...example, judgement }));
    expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
    expect(page).toMatch(/\d,\d{3} outputs with lower ratings did not fit this page/);
  });

  it('holds for a run without any output', async () => {
    const page = reportPage(buildReport(await exampleInput({ outputs: [] })));
    expect(page).toContain('No output was accepted.');
    const main = page.slice(page.indexOf('<main>'), page.indexOf('</main>'));
    expect(main.match(/NaN|Infinity|undefined/)).toBeNull();
  });
});

describe('explainVerdict', () => {
  const many = (count: number, rating: number) =>
    new Array<RatedCopy>(count).fill({ closestRating: rating, copied: rating >= 0.8 });
  const losses = madeUpLosses({ trigram: 10, start: 5 });
  const judge = async (outputs: readonly RatedCopy[], heldOut: readonly RatedCopy[], trained = true) => {
    const example = await exampleInput({ outputs: inventTitles(5, 'outputs'), trained });
    const figures = buildReport({ ...example, overfit: overfitStatistics(outputs, heldOut, { losses }) });
    return { ...explainVerdict(figures), advice: adviceFor(figures) };
  };

  it('does not call copies a sign of reciting where held-out titles are alike too', async () => {
    const alike = await judge(many(100, 0.9), many(100, 0.9));
    const original = await judge(many(100, 0.4), many(100, 0.4));
    expect(alike.headline).toBe('The model writes titles of its own, as alike as those it learned from');
    expect(original.headline).toBe('The model writes titles of its own');
  });

  it.each([
    ['overfits', many(100, 0.9), many(100, 0.4)],
    ['leans', [...many(50, 0.9), ...many(950, 0.4)], [...many(20, 0.9), ...many(980, 0.4)]],
    ['healthy', many(200, 0.4), many(100, 0.4)],
    ['unknown', [...many(31, 0.9), ...many(169, 0.4)], [...many(11, 0.9), ...many(92, 0.4)]],
  ])('says in two sentences what shows that a model %s', async (verdict, outputs, heldOut) => {
    expect(overfitStatistics(outputs, heldOut, { losses }).verdict).toBe(verdict);
    const { meaning } = await judge(outputs, heldOut);
    expect(meaning.split(/[.!?](?: |$)/).filter(Boolean)).toHaveLength(2);
    expect(meaning).toMatch(/^[\d,]+ of [\d,]+ outputs \([\d.]+%\) copy a training title/);
  });

  it('names fewer passes first, as an earlier step whose samples held few copies, then what else to change', async () => {
    const { advice } = await judge(many(100, 0.9), many(100, 0.4));
    expect(advice[0]).toBe(
      'Train for fewer passes: the weights that were kept had made 8.6 over 900 titles; try 5.7 (--steps 400), when 3.1% of 32 ' +
        'samples were copies.',
    );
    expect(advice[1]).toContain('--model base');
    expect(advice.slice(1).join(' ')).toMatch(/more titles: it had 900 .*--lora-rank 8/);
    expect(advice.join(' ')).not.toContain('--temperature');
    const untrained = await judge(many(100, 0.9), many(100, 0.4), false);
    expect(untrained.advice[0]).toBe(
      'Train for fewer passes over the titles (--steps, or a lower --max-epochs).',
    );
  });

  it('says of a model that leans that what was accepted can be used, and to sample more freely', async () => {
    const leaning = [...many(50, 0.9), ...many(950, 0.4)];
    const { advice } = await judge(leaning, [...many(20, 0.9), ...many(980, 0.4)]);
    expect(advice[0]).toMatch(
      /^What was accepted \(\d+ titles?\) copies nothing by these rules and can be used/,
    );
    expect(advice[1]).toMatch(/^Train for fewer passes/);
    expect(advice.at(-1)).toContain('above 0.7');
  });

  it('speaks of refused copies of a healthy model only where there were some', async () => {
    const none = await judge(many(200, 0.4), many(100, 0.4));
    expect(none.advice).toHaveLength(1);
    expect(none.advice[0]).toMatch(/^Nothing needs to change for copies/);
    const one = await judge([...many(1, 0.9), ...many(999, 0.4)], [...many(1, 0.9), ...many(999, 0.4)]);
    expect(one.advice[1]).toMatch(/^The 1 output that copies a title was refused/);
  });

  it.each([
    [{ trigram: -10, start: 5 }, /^It predicts .* worse than a table of .* word salad/],
    [{ trigram: -10, start: -20 }, /worse than a table of .* Training made it worse \(before: [\d.]+\)/],
    [{ trigram: 10, start: 0 }, /no better than before training: .* what it could write before/],
    [{ trigram: 10, start: -20 }, /worse than before training: .* what it could write before/],
  ])('says what a model that has learned too little is no better than: %o', async (gain, meaning) => {
    const overfit = overfitStatistics(many(200, 0.4), many(100, 0.4), { losses: madeUpLosses(gain) });
    expect(overfit.verdict).toBe('underfits');
    const said = explainVerdict({ overfit }).meaning;
    expect(said).toMatch(meaning);
    expect(/word salad/.test(said)).toBe(gain.trigram < 0);
  });

  it('says of a model that leans and makes no sense that it does both, and not to train less alone', async () => {
    const leaning = [...many(50, 0.9), ...many(950, 0.4)];
    const heldOut = [...many(20, 0.9), ...many(980, 0.4)];
    const example = await exampleInput({ outputs: inventTitles(5, 'outputs') });
    const overfit = overfitStatistics(leaning, heldOut, { losses: madeUpLosses({ trigram: -10, start: 5 }) });
    const figures = buildReport({ ...example, overfit });
    expect(overfit.verdict).toBe('leans');
    expect(explainVerdict(figures).meaning).toMatch(/may be word salad\.$/);
    const advice = adviceFor(figures);
    expect(advice[0]).toMatch(/^Read what was accepted .* before you use any of it/);
    expect(advice[1]).toContain('--model base');
    expect(advice.join(' ')).not.toContain('--temperature');
    expect(reportPage(figures)).toContain('not to say that they make sense');
  });

  it.each([
    [{ trigram: 10, start: 0.05 }, /not shown to be better than before training \([\d.]+\) \(/],
    [{ trigram: -0.1, start: 5 }, /not shown to be better than a table of [^(]*\([\d.]+\) \(/],
  ])('names what a model is not shown to beat: %o', async (gain, meaning) => {
    const overfit = overfitStatistics(many(200, 0.4), many(100, 0.4), { losses: madeUpLosses(gain) });
    expect(overfit.verdict).toBe('unknown');
    expect(explainVerdict({ overfit }).meaning).toMatch(meaning);
  });
});
