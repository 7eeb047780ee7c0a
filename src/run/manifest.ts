import { TitlesmithError } from '../common/errors.js';
import { packageVersion } from '../common/package-facts.js';
import { type StageName, stageNames } from '../options/choices.js';

/** The format of run.json that this version writes, and the newest it reads. */
export const manifestFormatVersion = 1;
export const manifestFileName = 'run.json';

/** A choice made by the user or by `auto`. */
export interface Decision {
  readonly choice: string;
  readonly reason: string;
  /** Details in one line: for a source, what it reads. */
  readonly description?: string;
  /** Identifies the chosen content: a commit or a hash. */
  readonly hash?: string;
}

/** The choices made at the start of a run. */
export interface Decisions {
  readonly source?: Decision | undefined;
  /** The model that training starts from. */
  readonly model?: Decision | undefined;
  readonly device?: Decision | undefined;
  /** The model by which paraphrases are found. */
  readonly sentenceModel?: Decision | undefined;
  /** What training computes matrix products in. */
  readonly mixedPrecision?: Decision | undefined;
}

/** Size and hash of a file that a stage wrote. */
export interface FileRecord {
  readonly bytes: number;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
}

/** Counts of a stage: plain JSON, shown in the summary and passed to later stages. */
export type StageCounts = Readonly<Record<string, unknown>>;

/** One request to the generate stage. Those of a run follow each other in generated.jsonl. */
export interface RecordedRequest {
  /** Index of its first text. */
  readonly first: number;
  /** Number of its texts. */
  readonly texts: number;
  /** The values its texts depend on. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The last time a stage ran, and what it depended on. */
export interface StageRecord {
  /** `running` in a run that no process has locked means that the process was killed. */
  readonly status: 'running' | 'done' | 'failed' | 'interrupted';
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Hash of what the result depends on besides the options: inputs, the source, the model, the stage's version. */
  readonly fingerprint: string;
  /** The options the result depends on, with the values in force. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The files it read, by path relative to the run folder. */
  readonly inputs?: Readonly<Record<string, FileRecord>>;
  /** Hash of the checkpoint of this run that training began with. */
  readonly begin?: string;
  /** It was to start over although nothing had changed. */
  readonly forced?: true;
  /** The device, for a stage that runs the model. */
  readonly device?: string;
  readonly seconds?: number;
  readonly counts?: StageCounts;
  /** By path relative to the run folder, with forward slashes. */
  readonly outputs?: Readonly<Record<string, FileRecord>>;
  /** What was asked of the generate stage. */
  readonly requests?: readonly RecordedRequest[];
  /** The process that generated the texts of the last request, as its lock named it. */
  readonly holder?: string;
  /** Why it failed, one line. */
  readonly error?: string;
  /** Unless `status` is done: the last time that the stage was. Its outputs are in the run folder. */
  readonly finished?: StageRecord;
}

/** The last time a stage was done, whose outputs are in the run folder; undefined if it never was. */
export function finishedRecord(
  { stages }: Pick<Manifest, 'stages'>,
  stage: StageName,
): StageRecord | undefined {
  const record = stages[stage];
  return record?.status === 'done' ? record : record?.finished;
}

/** run.json: the options, decisions and stages of a run. */
export interface Manifest {
  readonly formatVersion: number;
  readonly titlesmithVersion: string;
  readonly name: string;
  readonly createdAt: string;
  readonly machine: { readonly node: string; readonly platform: string; readonly cores: number };
  /** Every option that the finished stages were run with; null if left to the run. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly decisions: Decisions;
  readonly stages: Readonly<Partial<Record<StageName, StageRecord>>>;
  /** Stages done so far by a `pipeline --overwrite` that was cut short. */
  readonly startedOver?: readonly StageName[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How deep run.json may be nested, which is never more than seven levels deep; code that walks it is recursive. */
const mostLevels = 64;

function isWithin(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(levels - 1, inner));
}

/** Whether a path is relative and stays inside the run folder. */
function isInnerPath(path: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes('..');
}

function isStageRecord(value: unknown): value is StageRecord {
  if (!isRecord(value)) return false;
  const { status, startedAt, fingerprint, seconds, counts, options, finished } = value;
  const optionalRecord = (field: unknown): boolean => field === undefined || isRecord(field);
  const optionalString = (field: unknown): boolean => field === undefined || typeof field === 'string';
  return (
    ['running', 'done', 'failed', 'interrupted'].includes(String(status)) &&
    typeof startedAt === 'string' &&
    typeof fingerprint === 'string' &&
    [value.device, value.begin, value.holder, value.error].every(optionalString) &&
    (seconds === undefined || typeof seconds === 'number') &&
    [counts, options].every(optionalRecord) &&
    [value.inputs, value.outputs].every(areFileRecords) &&
    areRequests(value.requests) &&
    (finished === undefined || (isStageRecord(finished) && finished.status === 'done'))
  );
}

function areFileRecords(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([path, file]) =>
        isInnerPath(path) &&
        isRecord(file) &&
        typeof file.bytes === 'number' &&
        typeof file.sha256 === 'string',
    )
  );
}

function areRequests(value: unknown): boolean {
  const isCount = (field: unknown): boolean => Number.isSafeInteger(field) && (field as number) >= 0;
  const isRequest = (field: unknown): boolean =>
    isRecord(field) && isCount(field.first) && isCount(field.texts) && isRecord(field.options);
  return value === undefined || (Array.isArray(value) && value.every(isRequest));
}

function isDecision(value: unknown): value is Decision {
  if (!isRecord(value)) return false;
  const { choice, reason, description, hash } = value;
  const strings = typeof choice === 'string' && typeof reason === 'string';
  return strings && [description, hash].every((field) => field === undefined || typeof field === 'string');
}

function areStageNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => (stageNames as readonly unknown[]).includes(name));
}

function isManifest(value: Record<string, unknown>): boolean {
  const { options, decisions, stages, startedOver } = value;
  return (
    [value.titlesmithVersion, value.name, value.createdAt].every((text) => typeof text === 'string') &&
    isRecord(value.machine) &&
    isRecord(options) &&
    isRecord(decisions) &&
    Object.values(decisions).every(isDecision) &&
    (startedOver === undefined || areStageNames(startedOver)) &&
    isRecord(stages) &&
    Object.entries(stages).every(
      ([stage, record]) => (stageNames as readonly string[]).includes(stage) && isStageRecord(record),
    )
  );
}

/**
 * Parses the content of a run.json.
 * @param path for messages.
 * @throws TitlesmithError when it is not a manifest, or was written by a newer titlesmith.
 */
export function parseManifest(text: string, path: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damagedError(path, 'it is not JSON');
  }
  if (!isWithin(mostLevels, value))
    throw damagedError(path, `it is nested more than ${mostLevels} levels deep`);
  if (!isRecord(value) || !Number.isSafeInteger(value.formatVersion) || (value.formatVersion as number) < 1)
    throw damagedError(path, 'it names no formatVersion');
  if ((value.formatVersion as number) > manifestFormatVersion) {
    throw new TitlesmithError(
      `${path} has format ${value.formatVersion}, written by titlesmith ${String(value.titlesmithVersion)}; ` +
        `this is titlesmith ${packageVersion}, which reads formats up to ${manifestFormatVersion}.`,
      { code: 'manifest-newer', hint: 'Update titlesmith, or choose another --run-name.' },
    );
  }
  assertManifest(value, path);
  return value;
}

/** @throws TitlesmithError `manifest-damaged` when a value does not have the form of a manifest. @param path for the message. */
export function assertManifest(value: unknown, path: string): asserts value is Manifest {
  if (isRecord(value) && isManifest(value)) return;
  throw damagedError(path, 'its contents do not have the expected form');
}

function damagedError(path: string, reason: string): TitlesmithError {
  return new TitlesmithError(`${path} is damaged: ${reason}.`, {
    code: 'manifest-damaged',
    hint: 'Make the run anew with titlesmith pipeline --overwrite, or under another --run-name.',
  });
}

/** The content of run.json. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** A manifest that does not record files as outputs of the last time that a stage was done. */
export function withoutOutputs(manifest: Manifest, stage: StageName, files: readonly string[]): Manifest {
  const record = manifest.stages[stage];
  if (!record) return manifest;
  const without = (done: StageRecord): StageRecord => {
    const kept = Object.entries(done.outputs ?? {}).filter(([file]) => !files.includes(file));
    return { ...done, outputs: Object.fromEntries(kept) };
  };
  const changed =
    record.status === 'done'
      ? without(record)
      : { ...record, ...(record.finished ? { finished: without(record.finished) } : {}) };
  return { ...manifest, stages: { ...manifest.stages, [stage]: changed } };
}
