import { type Canaries, parseCanaries } from '../../common/canaries.js';
import { TitlesmithError } from '../../common/errors.js';
import type { Judgement } from '../../common/judgement.js';
import { parseTitleLosses, type TitleLosses } from '../../common/title-losses.js';
import { withoutCondition } from '../../data/conditioning.js';
import { titlesInDataset } from '../../data/dataset-lines.js';
import { titleRecords } from '../../data/title-records.js';
import type { SplitTitles } from '../../data/title-split.js';
import { type DecisionEntry, isDecisionEntry, wholeEntries } from '../../dedupe/decisions.js';
import { parseJudgement } from '../../dedupe/judgement-json.js';
import { parseCsv } from '../../io/csv.js';
import { decodeText } from '../../io/text-encoding.js';
import type { MetricsLine } from '../../model/training/training-storage.js';
import { runFiles } from '../../run/run-files.js';
import type { FileStore } from '../storage/file-store.js';
import { readBytesOf, readTextOf } from '../storage/stored-text.js';

/** A title that cleaning dropped, as it was, and why. */
export interface DroppedTitle {
  readonly title: string;
  readonly reason: string;
}

/** The titles of titles.csv; none where it is missing. */
export async function readTitlesOf(files: FileStore): Promise<string[]> {
  const { titles: path } = runFiles;
  const titles: string[] = [];
  if (!(await has(files, path))) return titles;
  for await (const { title } of titleRecords(decodeText(readBytesOf(files, path), path), path))
    titles.push(title);
  return titles;
}

const has = async (files: FileStore, path: string): Promise<boolean> => {
  const source = await files.open(path);
  await source?.close();
  return source !== undefined;
};

/** What dropped.csv lists; nothing where it is missing. */
export async function readDroppedOf(files: FileStore): Promise<DroppedTitle[]> {
  const { dropped: path } = runFiles;
  const list: DroppedTitle[] = [];
  if (!(await has(files, path))) return list;
  for await (const [title = '', reason = ''] of parseCsv(decodeText(readBytesOf(files, path), path), path))
    list.push({ title, reason });
  return list.slice(1);
}

/** The titles of the dataset, split, without prompts. */
export async function readDatasetOf(files: FileStore): Promise<SplitTitles> {
  const side = async (path: string): Promise<string[]> => {
    const titles: string[] = [];
    for await (const title of titlesInDataset(readBytesOf(files, path), path)) titles.push(title);
    return titles.map(withoutCondition);
  };
  return { train: await side(runFiles.train), validation: await side(runFiles.validation) };
}

/** The values of a file with one JSON value a line, undefined where a line is none. */
async function jsonLinesOf(files: FileStore, path: string): Promise<unknown[]> {
  const lines = ((await readTextOf(files, path)) ?? '').split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return undefined;
    }
  });
}

function isMetricsLine(value: unknown): value is MetricsLine {
  if (typeof value !== 'object' || value === null) return false;
  const { step, loss, validationLoss } = value as Partial<MetricsLine>;
  const isLoss = (given: unknown): boolean => given === undefined || typeof given === 'number';
  return Number.isSafeInteger(step) && step! >= 0 && isLoss(loss) && isLoss(validationLoss);
}

/** The lines of metrics.jsonl. @throws TitlesmithError naming a line that is none of training's. */
export async function readMetricsOf(files: FileStore): Promise<MetricsLine[]> {
  const { metrics: path } = runFiles;
  return (await jsonLinesOf(files, path)).map((value, index) => {
    if (isMetricsLine(value)) return value;
    throw new TitlesmithError(`${path}:${index + 1} is damaged: it is no JSON object with a step.`, {
      code: 'metrics-damaged',
      hint: 'Train again.',
    });
  });
}

/** What people decided in a review on Node's side, as far as it counts. @throws TitlesmithError naming a line that is no decision. */
export async function readDecisionsOf(files: FileStore): Promise<readonly DecisionEntry[]> {
  const { decisions: path } = runFiles;
  const entries = (await jsonLinesOf(files, path)).map((value, index) => {
    if (isDecisionEntry(value, index + 1)) return value;
    throw new TitlesmithError(`${path}:${index + 1} is no decision.`, { code: 'decisions-damaged' });
  });
  return wholeEntries(entries);
}

/** canaries.json, which a training on Node's side may have written; undefined where it is missing. @throws TitlesmithError where it is damaged. */
export async function readCanariesOf(files: FileStore): Promise<Canaries | undefined> {
  const text = await readTextOf(files, runFiles.canaries);
  return text === undefined ? undefined : parseCanaries(text, runFiles.canaries);
}

/** Titles that were accepted in earlier generations, on Node's side; none where there is no file of them. */
export async function readAcceptedBeforeOf(files: FileStore): Promise<string[]> {
  const text = (await readTextOf(files, runFiles.acceptedBefore)) ?? '';
  return text.split('\n').filter((line) => line !== '');
}

/** title-losses.json; undefined where it is missing. */
export async function readLossesOf(files: FileStore): Promise<TitleLosses | undefined> {
  const text = await readTextOf(files, runFiles.titleLosses);
  return text === undefined ? undefined : parseTitleLosses(text, runFiles.titleLosses);
}

/** judgement.json; undefined where it is missing. */
export async function readJudgementOf(files: FileStore): Promise<Judgement | undefined> {
  const text = await readTextOf(files, runFiles.judgement);
  return text === undefined ? undefined : parseJudgement(text, runFiles.judgement);
}
