import { TitlesmithError } from '../common/errors.js';
import type { RunOptions } from '../options/option-table.js';
import type { DecidedOptions } from './decided-options.js';
import { hashValue } from './hash-value.js';
import type { RecordedRequest, StageRecord } from './manifest.js';

/** Texts to generate for a run. */
export interface GenerateRequest {
  /** Index of the first of them. Texts before it are kept. */
  readonly first: number;
  /** Texts to generate, of each prefix. */
  readonly nsamples: number;
}

interface GenerationCall {
  /** What was generated before, of the same model, and is intact; undefined: nothing. */
  readonly finished: StageRecord | undefined;
  readonly isForced: boolean;
  /** Values that the texts depend on. */
  readonly options: DecidedOptions;
  /** Titles of each prefix that are asked for. */
  readonly nsamples: number;
  readonly prefixes: number;
  /** Options given to the stage on its own; undefined for a stage of the pipeline. */
  readonly given: Partial<RunOptions> | undefined;
  /** The process that was killed while it held the run, if one was: see `Lock.takenFrom`. */
  readonly takenFrom: string | undefined;
}

/**
 * What is to be generated for a run that may have titles already. More titles are more titles: the stage on its own adds
 * `--nsamples` to them, and nothing without options; the pipeline brings their number to `--nsamples`. Other titles take
 * the place of those there are only with `--overwrite`, or where the pipeline is asked for titles of other options.
 * @returns undefined if nothing is missing.
 */
export function planGeneration(call: GenerationCall): GenerateRequest | undefined {
  const { finished, isForced, options, nsamples, prefixes, given } = call;
  const anew = { first: 0, nsamples };
  if (isForced || finished === undefined) return anew;
  const requests = finished.requests ?? [];
  const texts = requests.reduce((sum, request) => sum + request.texts, 0);
  const isMade = requests.some((request) => isSame(request.options, options));
  if (given && isRepeated(call)) return undefined;
  if (given) return given.nsamples !== undefined || !isMade ? { first: texts, nsamples } : undefined;
  // A prefix or a prompt belongs to one call, so titles of another do not mean that the options have changed.
  const isAlike = requests.some((request) => isSame(unprefixed(request.options), unprefixed(options)));
  if (!isAlike) return anew;
  const missing = nsamples * prefixes - texts;
  if (missing > 0) return { first: texts, nsamples: Math.ceil(missing / prefixes) };
  return isMade ? undefined : anew;
}

interface ReplacedTitles {
  /** The last time the stage was done. */
  readonly last: StageRecord;
  /** generated.jsonl, for messages. */
  readonly file: string;
  /** What has become of them, for messages: "are of a model that has been replaced since". */
  readonly why: string;
}

/**
 * Titles that more cannot be added to, as they are of another model or were changed: they are replaced where the stage is
 * to be brought up to date, and not by a call that asks for more.
 * @throws TitlesmithError `titles-replaced` where a call of the stage on its own asks for more.
 */
export function checkReplacement(
  { last, file, why }: ReplacedTitles,
  { options, given }: Pick<GenerationCall, 'options' | 'given'>,
): void {
  const requests = last.requests ?? [];
  const isMade = requests.some((request) => isSame(request.options, options));
  if (given === undefined || (given.nsamples === undefined && isMade)) return;
  const texts = requests.reduce((sum, request) => sum + request.texts, 0);
  throw new TitlesmithError(`More titles cannot be added to ${file}: the ${texts} that are there ${why}.`, {
    code: 'titles-replaced',
    hint: 'Replace them with --overwrite, or make as many anew by the same command without options; copy the file first to keep them.',
  });
}

/** Whether a process that was killed had done just this, and its command is now given again: it adds nothing twice. */
function isRepeated({ finished, options, nsamples, prefixes, takenFrom }: GenerationCall): boolean {
  const last = finished?.requests?.at(-1);
  if (last === undefined || takenFrom === undefined || finished?.holder !== takenFrom) return false;
  return last.texts === nsamples * prefixes && isSame(last.options, options);
}

/** The requests to a run's generate stage once `request` is done. */
export function requestsWith(
  { first, nsamples }: GenerateRequest,
  { finished, options, prefixes }: Pick<GenerationCall, 'finished' | 'options' | 'prefixes'>,
): readonly RecordedRequest[] {
  const kept = first === 0 ? [] : (finished?.requests ?? []);
  return [...kept, { first, texts: nsamples * prefixes, options }];
}

function unprefixed({
  prefix,
  prefixes,
  includePrefix,
  promptSubreddit,
  ...others
}: DecidedOptions): DecidedOptions {
  return others;
}

function isSame(a: DecidedOptions, b: DecidedOptions): boolean {
  return hashValue(a) === hashValue(b);
}
