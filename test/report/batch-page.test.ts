import { describe, expect, test } from 'vitest';
import { formatBatchPage } from '../../src/batch/batch-folder.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { verdictNames } from '../../src/options/choices.js';
import type { BatchRecord, BatchRunRecord, RunFigures } from '../../src/report/batch/batch-record.js';
import { buildReport } from '../../src/report/build-report.js';
import { explainVerdict } from '../../src/report/verdict-explanation.js';
import { verdictWords } from '../../src/report/verdict-words.js';
import { exampleInput, inventTitles } from './example.js';

const attack = '<script>alert(3)</script>';

const figures: RunFigures = {
  titles: 1234,
  steps: 300,
  validationLoss: 4.126,
  verdict: 'healthy',
  copyShare: 0.05,
  generated: 200,
  accepted: 150,
};

function record(more: Partial<BatchRecord> = {}): BatchRecord {
  const run = {
    subreddit: null,
    attempts: 1,
    seconds: 75,
    error: null,
    report: null,
    figures: null,
  } as const;
  return {
    format: 1,
    titlesmithVersion: '1.0.0',
    file: 'weekly.yaml',
    plan: 'x',
    shard: null,
    startedAt: '2026-11-23T03:00:00.000Z',
    finishedAt: '2026-11-23T04:00:00.000Z',
    seconds: 5130,
    runs: [
      { ...run, name: 'aww', subreddit: 'aww', status: 'done', figures, report: 'aww/report.html' },
      {
        ...run,
        name: 'odd',
        status: 'failed',
        attempts: 3,
        error: { code: 'x', message: '<script>alert(1)</script> failed', hint: '"Try" <b>again</b>.' },
      },
    ],
    previous: null,
    ...more,
  };
}

function done(of: RunFigures): BatchRunRecord {
  const run = { subreddit: 'aww', attempts: 1, seconds: 75, error: null, report: 'aww/report.html' } as const;
  return { ...run, name: 'aww', status: 'done', figures: of };
}

describe('the page of a batch', () => {
  test('says what became of each run, and links its report', () => {
    const page = formatBatchPage(record());
    expect(page).toContain('1 of 2 runs failed');
    expect(page).toContain('<a href="aww/report.html">r/aww</a>');
    expect(page).toContain('75.0% of 200 outputs');
    expect(page).toContain('1 h 26 min');
    expect(page).toContain('Tried 3 times.');
    expect(formatBatchPage(record(), '../../')).toContain('href="../../aww/report.html"');
  });

  test('shows changes since the batch before, coloured only where a share changed by more than chance explains', () => {
    const changed = (before: Partial<RunFigures>): string =>
      formatBatchPage(
        record({
          previous: { startedAt: '2026-11-16T03:00:00.000Z', figures: { aww: { ...figures, ...before } } },
        }),
      );
    const page = changed({ validationLoss: 4.226, accepted: 153, verdict: 'leans' });
    expect(page).toContain('<span class="change">−0.10</span>');
    // 150 and 153 of 200: Newcombe's interval of the difference is from −9.8 to 6.9 points.
    expect(page).toContain('<span class="change">−3, may be chance</span>');
    expect(page).not.toContain('class="change ');
    expect(page).toContain(
      'writes titles of its own</span><span class="change">was: leans on its training titles</span>',
    );
    // 10 of 200 copies where there were 40: −15 points, from −21.5 to −8.7; 150 accepted where there were 100: 25 points, 15.6 to 33.7.
    const better = changed({ copyShare: 0.2, accepted: 100 });
    expect(better).toContain('<span class="change better">−15.0 points</span>');
    expect(better).toContain('<span class="change better">+50</span>');
    const worse = changed({ copyShare: 0, accepted: 190 });
    expect(worse).toContain('<span class="change worse">+5.0 points</span>');
    expect(worse).toContain('<span class="change worse">−40</span>');
    // More titles, of many more outputs: a smaller share; and nothing to tell by.
    expect(changed({ accepted: 95, generated: 100 })).toContain('<span class="change worse">+55</span>');
    for (const generated of [null, 0, 10])
      expect(changed({ accepted: 100, generated })).toContain('<span class="change">+50</span>');
  });

  test('says that nothing has changed where nothing has', () => {
    const before = { startedAt: '2026-11-16T03:00:00.000Z', figures: { aww: figures } };
    const page = formatBatchPage(record({ previous: before }));
    expect(page).toContain('No figure has changed since the batch of 2026-11-16 03:00 UTC.');
    expect(page).not.toContain('class="change');
  });

  test('says of a model what its report says', async () => {
    const example = await exampleInput({ outputs: inventTitles(30, 'outputs') });
    const texts = Array.from({ length: 400 }, () => ({ closestRating: 0.3, copied: false }));
    const found = overfitStatistics(texts, texts);
    // Beyond chance, for the verdicts that name what is.
    const measures = found.measures.map((measure) => ({ ...measure, isSignificant: true }));
    const overfit = { ...found, measures };
    for (const verdict of verdictNames) {
      const { headline } = explainVerdict(buildReport({ ...example, overfit: { ...overfit, verdict } }));
      const said = verdictNames.filter((name) => headline.toLowerCase().includes(verdictWords[name]));
      // What cannot be told has a headline for each reason.
      if (verdict !== 'unknown') expect(said).toEqual([verdict]);
      else expect(headline).toMatch(/^(Not enough to tell|Not known|Too few)/);
      const page = formatBatchPage(record({ runs: [done({ ...figures, verdict })] }));
      expect(page).toContain(`<span class="state ${verdict}">${verdictWords[verdict]}</span>`);
    }
  });

  test('never calls a model healthy that training has not changed', () => {
    // Each title as likely as before training, less likely than by its tokens' frequencies: what an untrained model is.
    const titles = Array.from({ length: 60 }, (_, index) => index);
    const loss = titles.map((index) => 80 + (index % 7));
    const scored = { of: 60, titles, tokens: titles.map(() => 10), bytes: titles.map(() => 40), model: loss };
    const baselines = { unigram: loss.map((value) => value - 30), trigram: loss.map((value) => value - 40) };
    const losses = {
      step: 0,
      start: 'untrained',
      vocabularySize: 4096,
      seed: 1,
      baselineTitles: 500,
      heldOut: { ...scored, start: loss, ...baselines },
      training: scored,
    } as const;
    // It copies nothing, so nothing else speaks against it.
    const texts = Array.from({ length: 400 }, () => ({ closestRating: 0.3, copied: false }));
    const { verdict } = overfitStatistics(texts, texts, { losses });
    expect(verdict).toBe('underfits');
    const page = formatBatchPage(record({ runs: [done({ ...figures, verdict })] }));
    expect(page).toContain('<span class="state underfits">has learned too little</span>');
    expect(page).toContain('done; 0 of 1 models write titles of their own');
    expect(page).not.toMatch(/class="[^"]*healthy/);
  });

  test('says in plain words why outputs were refused, by kind over all runs', () => {
    const of = (name: string, refusals: BatchRunRecord['refusals']): BatchRunRecord => ({
      ...done(figures),
      name,
      ...(refusals === undefined ? {} : { refusals }),
    });
    const runs = [
      of('a', { repeat: 4, 'exact copy': 2 }),
      of('b', { repeat: 40 }),
      of('old', undefined),
      of('c', { [attack]: 1, blank: 0 }),
    ];
    const text = formatBatchPage(record({ runs }))
      .replace(/<[^>]+>/g, '')
      .replace(/\s+/g, ' ');
    expect(text).toContain(
      '47 of 600 outputs of 3 runs, 7.8%, each for the first reason that applies. Of 1 run the kinds',
    );
    expect(text).toContain(
      'exact copy 2, 0.3% a training title, white space apart in 1 of 3 runs: a 2 of 200',
    );
    expect(text).toContain(
      'repeat 44, 7.3% an earlier output said the same in 2 of 3 runs: b 40 of 200, a 4 of 200',
    );
    expect(text).not.toContain('blank');
    expect(formatBatchPage(record({ runs }))).not.toContain('<script>');
    expect(formatBatchPage(record({ runs: [of('a', {})] }))).toContain('Nothing: all 200 outputs of 1 run');
    expect(formatBatchPage(record())).not.toContain('What was refused');
  });

  test('lets nothing out of its place', () => {
    const page = formatBatchPage(record({ file: '</title><script>alert(2)</script>' }));
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; failed');
    expect(page).toContain('&quot;Try&quot; &lt;b&gt;again&lt;/b&gt;.');
    expect(page).toMatch(/default-src 'none'|default-src &#39;none&#39;/);
  });
});
