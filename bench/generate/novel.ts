import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rejectionReasons } from '../../src/common/judgement.js';
import { silentContext } from '../../src/common/progress.js';
import { decodeBaseTitles } from '../../src/dedupe/base-titles.js';
import { createTitleJudge } from '../../src/dedupe/title-judge.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { readBaseFingerprints } from '../../src/io/base-fingerprints.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { generateTexts, maximumTurns } from '../../src/model/generation/generation-request.js';
import { TitleScorer } from '../../src/model/scoring/title-scorer.js';
import { encodeWords } from '../../src/model/tokenizer/gpt2.js';
import { openForGeneration, openModelFiles } from '../../src/model/weights/open-for-generation.js';
import { descendsFromBase } from '../../src/pipeline/run/base-descent.js';
import { readDatasetTitles } from '../../src/pipeline/stages/dataset.js';
import { readGenerated } from '../../src/pipeline/stages/generated-file.js';
import { runFiles } from '../../src/run/run-files.js';
import { machine, table } from '../shared/figures.js';

/**
 * What --novel turns away, and what it costs. Of a run whose titles were generated with --novel: how many of these are refused
 * for copying, beside how many of what was drawn first; and the perplexity of the guarded model on the held-out titles that it
 * may say, beside that of the model itself, for which texts are drawn at temperature 1.
 *
 *     titlesmith generate runs/mine --novel --nsamples 100000 --overwrite
 *     npm run bench -- generate/novel --run runs/mine
 */
const { values } = parseArgs({
  options: {
    run: { type: 'string' },
    /** A file like generated.jsonl to count instead. */
    generated: { type: 'string' },
    /** Texts drawn for the share that is turned away; 0: no perplexity. */
    draws: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});
const { run } = values;
if (run === undefined) throw new Error('--run is needed.');
const { train, validation } = await readDatasetTitles(run);
const checkpoint = join(run, runFiles.checkpoint);
const baseTitles = (await descendsFromBase(run, {}))
  ? decodeBaseTitles(await readBaseFingerprints())
  : undefined;
const judge = await createTitleJudge(train, { heldOut: validation, tokenize: encodeWords, baseTitles });

/** Reasons that need no other output. */
const ownReasons = rejectionReasons.filter((reason) => !reason.includes('repeat'));
/** Most first draws are the outputs themselves. */
const known = new Map<string, string | undefined>();
function reasonOf(text: string): string | undefined {
  const reason = known.has(text) ? known.get(text) : judge.judge(text).reason;
  known.set(text, reason);
  return reason;
}

function reasonsOf(texts: readonly string[]): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const text of texts) {
    const reason = reasonOf(text);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

const percent = (share: number): string => `${(100 * share).toFixed(3)}%`;
const interval = (count: number, total: number): string => {
  const { share, low, high } = wilsonShare(count, total);
  return `${percent(share)} (${percent(low)} to ${percent(high)})`;
};

const generated = await readGenerated(values.generated ?? join(run, runFiles.generated));
const firstTexts = generated.map(({ text, turnedAway }) => turnedAway?.first ?? text);
const [own, first] = [reasonsOf(generated.map(({ text }) => text)), reasonsOf(firstTexts)];
const turned = generated.flatMap(({ turnedAway }) => turnedAway ?? []);
const draws = turned.reduce((sum, each) => sum + each.draws, 0);
const most = turned.reduce((highest, each) => Math.max(highest, each.draws), 0);
const rows: (string | number)[][] = ownReasons
  .filter((reason) => own.has(reason) || first.has(reason))
  .map((reason) => [reason, first.get(reason) ?? 0, own.get(reason) ?? 0]);
const sumOf = (counts: ReadonlyMap<string | undefined, number>): number =>
  [...counts].reduce((sum, [reason, count]) => sum + (reason === undefined ? 0 : count), 0);
rows.push(['all', sumOf(first), sumOf(own)]);
process.stdout.write(`${run}, ${train.length} training titles; ${machine()}\n\n`);
process.stdout.write(table(['refused', `first draws of ${generated.length}`, 'with --novel'], rows));
process.stdout.write(
  `\nfirst draws refused ${interval(sumOf(first), generated.length)}, with --novel ${interval(sumOf(own), generated.length)}; ` +
    `${turned.length} titles were drawn again, ${draws} draws, of one title at most ${most}\n`,
);

const asked = Number(values.draws);
if (asked > 0) await comparePerplexity();

async function comparePerplexity(): Promise<void> {
  // The same rules but one: that a held-out title is not new says nothing of how likely one is.
  const copies = await createTitleJudge(train, { rules: judge.rules, tokenize: encodeWords, baseTitles });
  const isTurnedAway = (text: string): boolean => {
    const { reason } = copies.judge(text);
    return reason !== undefined && reason !== 'blank' && reason !== 'broken text';
  };
  const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });
  const opened = await openModelFiles(checkpoint, silentContext);
  const { configuration, tokenizer, weights } = opened;
  const { endOfTextId } = tokenizer;

  // The share of what the model says by itself, at temperature 1 and without cutoffs, that is turned away.
  const { session } = await openForGeneration(opened, { engine, texts: asked });
  const length = session.capacity - 1;
  const sampling = {
    ...generationDefaults,
    temperature: 1,
    nsamples: asked,
    length,
    seed: Number(values.seed),
  };
  let turnedAway = 0;
  for await (const { text } of generateTexts(session, tokenizer, sampling, silentContext))
    if (isTurnedAway(text)) turnedAway += 1;
  await session.dispose();

  const kept = validation
    .filter((title) => !isTurnedAway(title))
    .map((title) => Uint16Array.from(tokenizer.encode(title)));
  const fitting = kept.filter((tokens) => tokens.length <= length);
  const scorer = new TitleScorer(engine, { configuration, endOfTextId });
  const losses = await scorer.score(weights, fitting, silentContext);
  await scorer.dispose();
  await weights.close();
  const loss = losses.reduce((sum, each) => sum + each, 0);
  const tokens = fitting.reduce((sum, title) => sum + title.length + 1, 0);

  /** Perplexity where a share of all draws is turned away, at most so often: p(text) · (1 + q + … + q^(most − 1)). */
  function guarded(share: number): number {
    const scale = (1 - share ** maximumTurns) / (1 - share);
    return Math.exp((loss - fitting.length * Math.log(scale)) / tokens);
  }
  const { share, low, high } = wilsonShare(turnedAway, asked);
  const plain = guarded(0);
  const change = (at: number): string => `${((guarded(at) / plain - 1) * 100).toFixed(3)}%`;
  process.stdout.write(
    `\nheld-out titles: ${fitting.length} of ${validation.length} may be said; ${tokens} tokens, end tokens included\n` +
      `turned away of ${asked} draws at temperature 1: ${percent(share)} (${percent(low)} to ${percent(high)})\n` +
      `perplexity ${plain.toFixed(3)}, guarded ${guarded(share).toFixed(3)} (${change(share)}; ${change(low)} to ${change(high)})\n`,
  );
}
