import { expect, test } from 'vitest';
import { openServedModel } from '../../src/pipeline/open-served-model.js';
import { writeCanaries } from '../../src/pipeline/run/canaries-file.js';
import { loadModels } from '../../src/serve/inference/load-models.js';
import { makeRun } from './serve-run.js';

const planted = 'Who teapot that fight nobody asking umbrella wrong the for';
const before = 'Which street, in why? ever orchestra no and seriously would';

test('what training planted is told from titles where texts are compared', async () => {
  const run = await makeRun();
  const scored = { tokens: 12, model: 40, hardest: 9, unigram: 60, trigram: 58 };
  await writeCanaries(run, {
    step: 3,
    passes: 1,
    seed: 1,
    planted: [{ text: planted, repeats: 1, ...scored }],
    references: [{ text: 'Where lighthouse ever the no fight your', ...scored }],
    before: [before],
  });
  const { served, settings } = await openServedModel(run, { device: 'cpu', capacity: 32, threads: 1 });
  expect(served.titles?.canaries).toEqual([before, planted]);
  const { models, session } = await loadModels({
    group: { models: [served], adapterRank: undefined },
    settings,
    titles: 'at start',
  });
  const judge = models.get('made-up')?.judge?.held?.judge;
  const reasons = [planted, `${before}!`, 'Where lighthouse ever the no fight your'].map(
    (text) => judge!.judge(text).reason,
  );
  expect(reasons).toEqual(['canary', 'canary', undefined]);
  await session.dispose();
});
