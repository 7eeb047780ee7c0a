import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentContext } from '../../src/common/progress.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts } from '../../src/model/generation/generation-request.js';
import { openForGeneration, openModelFiles } from '../../src/model/weights/open-for-generation.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { openNovelty } from '../../src/pipeline/stages/novelty.js';
import { runFiles } from '../../src/run/run-files.js';
import { machine, table } from '../shared/figures.js';

/**
 * What --novel costs in time: titles of a run's model with it and without, by one session in turns, so that a machine whose
 * speed moves treats both alike. What opening the run's titles takes, once, is told apart. Ratios are medians over the rounds.
 *
 *     npm run bench -- generate/novel-speed --run runs/mine
 */
const { values } = parseArgs({
  options: {
    run: { type: 'string' },
    texts: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
  },
});
const { run } = values;
if (run === undefined) throw new Error('--run is needed.');
const [texts, rounds] = [Number(values.texts), Number(values.rounds)];

const opening = performance.now();
const { mayStand } = await openNovelty(run, defaultOptions(), {}, silentContext);
const openSeconds = (performance.now() - opening) / 1000;
const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });
const files = await openModelFiles(join(run, runFiles.checkpoint), silentContext);
const { session, tokenizer } = await openForGeneration(files, { engine, texts });
const judging = { calls: 0, milliseconds: 0 };
const timed = (text: string): boolean => {
  const started = performance.now();
  const answer = mayStand(text);
  judging.milliseconds += performance.now() - started;
  judging.calls += 1;
  return answer;
};

async function generate(isNovel: boolean, count: number, seed: number) {
  const length = session.capacity - 1;
  const sampling = { ...generationDefaults, nsamples: count, length, seed };
  const options = isNovel ? { ...sampling, mayStand: timed } : sampling;
  const [started, usage] = [performance.now(), process.cpuUsage()];
  let tokens = 0;
  for await (const text of generateTexts(session, tokenizer, options, silentContext)) tokens += text.tokens;
  const { user, system } = process.cpuUsage(usage);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6, tokens };
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
await generate(true, Math.min(texts, session.slots), 0);
Object.assign(judging, { calls: 0, milliseconds: 0 });
const measured: Record<'without' | 'with', Awaited<ReturnType<typeof generate>>[]> = {
  without: [],
  with: [],
};
for (let round = 1; round <= rounds; round++) {
  measured.without.push(await generate(false, texts, round));
  measured.with.push(await generate(true, texts, round));
}
await session.dispose();
await files.weights.close();

const rows = (['without', 'with'] as const).map((name) => {
  const list = measured[name];
  const longer = (value: 'seconds' | 'cpuSeconds'): string =>
    median(list.map((each, index) => each[value] / measured.without[index]![value])).toFixed(3);
  return [
    `${name} --novel`,
    (texts / median(list.map(({ seconds }) => seconds))).toFixed(1),
    longer('seconds'),
    longer('cpuSeconds'),
  ];
});
process.stdout.write(`${run}, ${texts} texts, ${session.slots} slots, ${rounds} rounds; ${machine()}\n\n`);
process.stdout.write(table(['', 'texts/s', 'time ÷ without', 'by CPU time'], rows));
process.stdout.write(
  `\nopening the titles: ${openSeconds.toFixed(2)} s; ${judging.calls} texts asked about, ` +
    `${(judging.milliseconds / judging.calls).toFixed(3)} ms each; ` +
    `${(judging.calls / (texts * rounds) - 1).toFixed(4)} more drawn for each title\n`,
);
