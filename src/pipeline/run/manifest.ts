import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { packageVersion } from '../../io/package-root.js';
import { type StageName, stageNames } from '../../options/choices.js';

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
}

/** Size and hash of a file that a stage wrote. */
export interface FileRecord {
  readonly bytes: number;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
}

/** Counts of a stage: plain JSON, shown in the summary and passed to later stages. */
export type StageCounts = Readonly<Record<string, unknown>>;

export interface StageRecord {
  /** `running` in a run that no process has locked means that the process was killed. */
  readonly status: 'running' | 'done' | 'failed' | 'interrupted';
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Hash of everything the result depends on. */
  readonly fingerprint: string;
  /** The device, for a stage that runs the model. */
  readonly device?: string;
  readonly seconds?: number;
  readonly counts?: StageCounts;
  /** By path relative to the run folder, with forward slashes. */
  readonly outputs?: Readonly<Record<string, FileRecord>>;
  /** Why it failed, one line. */
  readonly error?: string;
}

/** run.json: the options, decisions and stages of a run. */
export interface Manifest {
  readonly formatVersion: number;
  readonly titlesmithVersion: string;
  readonly name: string;
  readonly createdAt: string;
  readonly machine: { readonly node: string; readonly platform: string; readonly cores: number };
  /** Every option; null if left to the run. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly decisions: Decisions;
  readonly stages: Readonly<Partial<Record<StageName, StageRecord>>>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a path is relative and stays inside the run folder. */
function isInnerPath(path: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes('..');
}

function isStageRecord(value: unknown): value is StageRecord {
  if (!isRecord(value)) return false;
  const { status, startedAt, fingerprint, device, seconds, counts, outputs } = value;
  const optionalRecord = (field: unknown): boolean => field === undefined || isRecord(field);
  if (!optionalRecord(counts) || !optionalRecord(outputs)) return false;
  const files = Object.entries(isRecord(outputs) ? outputs : {});
  return (
    ['running', 'done', 'failed', 'interrupted'].includes(String(status)) &&
    typeof startedAt === 'string' &&
    typeof fingerprint === 'string' &&
    (device === undefined || typeof device === 'string') &&
    (seconds === undefined || typeof seconds === 'number') &&
    files.every(
      ([path, file]) =>
        isInnerPath(path) &&
        isRecord(file) &&
        typeof file.bytes === 'number' &&
        typeof file.sha256 === 'string',
    )
  );
}

function isDecision(value: unknown): value is Decision {
  if (!isRecord(value)) return false;
  const { choice, reason, description, hash } = value;
  const strings = typeof choice === 'string' && typeof reason === 'string';
  return strings && [description, hash].every((field) => field === undefined || typeof field === 'string');
}

function isManifest(value: Record<string, unknown>): boolean {
  const { name, createdAt, options, decisions, stages } = value;
  return (
    typeof name === 'string' &&
    typeof createdAt === 'string' &&
    isRecord(options) &&
    isRecord(decisions) &&
    Object.values(decisions).every(isDecision) &&
    isRecord(stages) &&
    Object.entries(stages).every(
      ([stage, record]) => (stageNames as readonly string[]).includes(stage) && isStageRecord(record),
    )
  );
}

/**
 * Reads run.json.
 * @returns undefined if the folder has none.
 * @throws TitlesmithError when it cannot be read, is not a manifest, or was written by a newer titlesmith.
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, manifestFileName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
  const damaged = (reason: string): TitlesmithError =>
    new TitlesmithError(`${path} is damaged: ${reason}.`, {
      code: 'manifest-damaged',
      hint: 'Start the run anew with --overwrite, or choose another --run-name.',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  if (!isRecord(value) || !Number.isSafeInteger(value.formatVersion))
    throw damaged('it names no formatVersion');
  if ((value.formatVersion as number) > manifestFormatVersion) {
    throw new TitlesmithError(
      `${path} has format ${value.formatVersion}, written by titlesmith ${String(value.titlesmithVersion)}; ` +
        `this is titlesmith ${packageVersion}, which reads formats up to ${manifestFormatVersion}.`,
      { code: 'manifest-newer', hint: 'Update titlesmith, or choose another --run-name.' },
    );
  }
  if (!isManifest(value)) throw damaged('its contents do not have the expected form');
  return value as unknown as Manifest;
}

/** Writes run.json atomically. @throws TitlesmithError naming the path. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileAtomic(join(folder, manifestFileName), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
