import { InterruptedError, TitlesmithError, usageError } from '../common/errors.js';
import { formatCount, pluralize } from '../common/number-formats.js';
import { silentContext, type WorkContext } from '../common/progress.js';
import { cleanTitle } from '../data/cleaning/clean-titles.js';
import { openSource } from '../data/sources/open-source.js';
import type { TitleSource } from '../data/sources/title-source.js';
import { shownName } from '../io/shown-name.js';
import { openEngine } from '../model/engine/open-engine.js';
import type { TokenIds } from '../model/tokenizer/tokenized-titles.js';
import type { RunOptions } from '../options/option-table.js';
import { defaultOptions } from '../options/option-values.js';
import { decideDevice, decidedDevice, describeDevice } from './decide/device.js';
import { type LoadedScorer, type PromptedTitle, ScoringModel } from './scoring-model.js';
import { ScoreCounter, type TitleScore, type TotalScore } from './title-scores.js';

/** Options of a run that scoring has too. */
export type ScoreFileOptions = Partial<
  Pick<
    RunOptions,
    'column' | 'header' | 'quotes' | 'device' | 'engine' | 'threads' | 'precision' | 'promptSubreddit'
  >
>;

/** Titles read and scored at a time. */
const blockTitles = 2048;

/** A title of a file: to be scored, or left out for a reason. */
type FileTitle = { readonly number: number } & (
  | (PromptedTitle & { readonly tokens: TokenIds })
  | { readonly reason: string }
);
type ScoredFileTitle = Extract<FileTitle, PromptedTitle>;

/** What a first reading finds. */
interface Reading {
  readonly titles: number;
  /** Tokens of the longest. */
  readonly longest: number;
}

/**
 * Scores the titles of a file under a model. The file is read twice, so that what is wrong with it is said before any score.
 * Titles are cleaned as those of a run are; those that cleaning leaves nothing of, or that the model is too short for, are left
 * out, and a note says how many.
 * @param file CSV, a title a line, or JSON; `-` for standard input.
 * @param onScore called with each score, in the order of the file.
 * @throws TitlesmithError when the file, the model or an option is wrong; InterruptedError when the signal is aborted.
 */
export async function scoreFile(
  model: string,
  file: string,
  given: ScoreFileOptions,
  context: WorkContext,
  onScore: (score: TitleScore) => void,
): Promise<TotalScore> {
  const options = { ...defaultOptions(), ...given };
  const { column, header, quotes, precision, threads, promptSubreddit } = options;
  if (file === '') throw usageError('The file of titles is "", which is no path.');
  const source = await openSource('csv', { input: [file], column, header, quotes });
  const opened = await ScoringModel.open(model, promptSubreddit, context);
  try {
    const device = await decideDevice(options, context);
    for (const message of [`model: ${model}`, describeDevice(device)])
      context.onProgress({ kind: 'note', message });
    const { titles, longest } = await readOnce(source, opened, file, context);
    const engine = await openEngine(decidedDevice(device), { threads });
    const scorer = await opened.load(engine, precision, longest);
    try {
      return await scoreBlocks(titlesOf(source, opened, silentContext), scorer, titles, context, onScore);
    } finally {
      await scorer.dispose();
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(
      'Interrupted; what was scored is printed, but kept nowhere.',
      'Run the same command again to begin anew.',
    );
  } finally {
    await opened.close();
  }
}

async function* titlesOf(
  source: TitleSource,
  model: ScoringModel,
  context: WorkContext,
): AsyncGenerator<FileTitle> {
  const query = {
    subreddits: [],
    from: undefined,
    to: undefined,
    limit: Number.MAX_SAFE_INTEGER,
    minLength: 1,
  };
  let number = 0;
  for await (const row of source.rows(query, context)) {
    number += 1;
    // What stands before a title is kept as it is: cleaning would take its tab for a space.
    const { prompt, title: raw } = model.split(row.title);
    const cleaned = cleanTitle(raw, 1);
    if ('reason' in cleaned) {
      yield { number, reason: cleaned.reason === 'too short' ? 'empty' : cleaned.reason };
      continue;
    }
    const title = { prompt, title: cleaned.title };
    const tokens = model.encode(title);
    if (tokens === undefined) yield { number, reason: `of more than ${model.mostTokens} tokens` };
    else yield { number, ...title, tokens };
  }
}

/** Titles between two progress events. */
const reportEvery = 1000;

/** Reads all titles, and says which will be left out. @throws TitlesmithError where none is left. */
async function readOnce(
  source: TitleSource,
  model: ScoringModel,
  file: string,
  context: WorkContext,
): Promise<Reading> {
  const reasons = new Map<string, number>();
  let [titles, longest, bare, read] = [0, 0, 0, 0];
  for await (const title of titlesOf(source, model, context)) {
    read += 1;
    if (read % reportEvery === 0) {
      if (context.signal.aborted) throw new InterruptedError();
      context.onProgress({ kind: 'progress', label: 'read titles', done: read, unit: 'titles' });
    }
    if ('reason' in title) {
      reasons.set(title.reason, (reasons.get(title.reason) ?? 0) + 1);
      continue;
    }
    titles += 1;
    longest = Math.max(longest, title.tokens.length);
    if (title.prompt === '') bare += 1;
  }
  const counts = [...reasons].map(([reason, count]) => `${formatCount(count)} ${reason}`).join(', ');
  if (titles === 0) {
    throw new TitlesmithError(`${shownName(file)} holds no title to score: ${counts}.`, {
      code: 'no-titles',
      hint: 'Name a file with at least one title that the model can read.',
    });
  }
  const say = (message: string): void => context.onProgress({ kind: 'warning', message });
  if (counts !== '') say(`${pluralize(read - titles, 'title')} of ${formatCount(read)} left out: ${counts}.`);
  if (bare > 0 && model.isAlwaysPrompted) {
    const which = bare === titles ? 'no title has one' : `${pluralize(bare, 'title')} without one`;
    say(
      `The model learned every title behind a prompt, but ${which}: --subreddit NAME puts one before each.`,
    );
  }
  return { titles, longest };
}

/** Scores titles block by block. @param total number of titles, for the progress. */
async function scoreBlocks(
  titles: AsyncIterable<FileTitle>,
  scorer: LoadedScorer,
  total: number,
  context: WorkContext,
  onScore: (score: TitleScore) => void,
): Promise<TotalScore> {
  const counter = new ScoreCounter();
  let done = 0;
  const block: ScoredFileTitle[] = [];
  const scoreBlock = async (): Promise<void> => {
    const before = done;
    const onProgress: WorkContext['onProgress'] = (event) =>
      context.onProgress(event.kind === 'progress' ? { ...event, done: before + event.done, total } : event);
    const texts = block.map(({ tokens }) => tokens);
    const losses = await scorer.score(texts, { signal: context.signal, onProgress });
    for (const [index, title] of block.entries()) onScore(counter.add(title.number, title, losses[index]!));
    done += block.length;
    block.length = 0;
  };
  for await (const title of titles) {
    if ('reason' in title) continue;
    block.push(title);
    if (block.length === blockTitles) await scoreBlock();
  }
  if (block.length > 0) await scoreBlock();
  return counter.total();
}
