import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import { packageVersion } from '../../common/package-facts.js';
import { hashSource } from '../../io/byte-source.js';
import type { StageName } from '../../options/choices.js';
import { type DecidedOptions, decideOptions } from '../../run/decided-options.js';
import { hashValue } from '../../run/hash-value.js';
import {
  type FileRecord,
  finishedRecord,
  formatManifest,
  type Manifest,
  manifestFileName,
  manifestFormatVersion,
  parseManifest,
  type StageCounts,
  type StageRecord,
} from '../../run/manifest.js';
import { type Call, recordCallBegun, recordStageCall } from '../../run/recorded-options.js';
import { isOptimizerFile } from '../../run/run-files.js';
import { stageDescriptions } from '../../run/stage-descriptions.js';
import { stageFingerprint } from '../../run/stage-fingerprint.js';
import { type FileStore, storeBelow } from '../storage/file-store.js';
import { readTextOf } from '../storage/stored-text.js';

/** What a stage is asked to do. */
interface StageCall extends Call {
  /** Identifies the titles' source, for the extract stage. */
  readonly source?: string | undefined;
  /** The device, for a stage that runs the model. */
  readonly device?: string | undefined;
  /** What the result depends on, besides the options and inputs. */
  readonly facts?: Pick<Parameters<typeof decideOptions>[2], 'vocabularySize' | 'isFromBase'>;
  /** Hash of what the base model was trained on, where outputs are compared with it. */
  readonly baseTitles?: string | undefined;
  /** The texts that the generate stage is asked for, as its options record them. */
  readonly request?: DecidedOptions | undefined;
}

/** Where a stage writes, and what it may go on with. */
export interface StageFiles {
  /** Its outputs, by the names they will have in the run. */
  readonly work: FileStore;
  /** Whether `work` holds what the same work left when it was cut short. */
  readonly resumes: boolean;
}

/** What a stage has done. */
interface StageOutcome {
  readonly counts: StageCounts;
  readonly requests?: StageRecord['requests'];
  /** Whether it only adds to what is there: the options in force stay. */
  readonly isAddition?: boolean;
}

/** A swap that was decided on: once this is written, the new outputs count. */
interface Swap {
  readonly stage: StageName;
  readonly written: readonly string[];
  readonly manifest: Manifest;
}

/** Where a stage's files lie until it is done. */
export const workFolder = (stage: StageName): string => `next/${stage}`;
const swapFile = 'ready/swap.json';

/** What run.json says of the machine. */
function describeMachine(): Manifest['machine'] {
  const { navigator } = globalThis as { navigator?: { readonly hardwareConcurrency?: number } };
  return { node: 'none', platform: 'browser', cores: navigator?.hardwareConcurrency ?? 1 };
}

/**
 * run.json of a run in a store, and the one way by which a stage's files come to count: it writes below `next/`; when it is
 * done, one file decides that its outputs count; then they take their places. Whoever opens the run next completes what a kill
 * cut short.
 */
export class RunRecord {
  private constructor(
    private readonly files: FileStore,
    private current: Manifest,
  ) {}

  /** @throws TitlesmithError where the store holds a run already. */
  static async create(files: FileStore, name: string, options: Manifest['options']): Promise<RunRecord> {
    const record = new RunRecord(files, {
      formatVersion: manifestFormatVersion,
      titlesmithVersion: packageVersion,
      name,
      createdAt: new Date().toISOString(),
      machine: describeMachine(),
      options,
      decisions: {},
      stages: {},
    });
    await record.write(record.current);
    return record;
  }

  /** @throws TitlesmithError when run.json is missing, damaged or of a newer version. */
  static async open(files: FileStore, name: string): Promise<RunRecord> {
    const swap = await readTextOf(files, swapFile);
    const text = await readTextOf(files, manifestFileName);
    if (text === undefined) {
      throw new TitlesmithError(`There is no run ${name} in this browser.`, {
        code: 'no-run',
        hint: 'Make it, or open the archive that holds it.',
      });
    }
    const record = new RunRecord(files, parseManifest(text, `${name}/${manifestFileName}`));
    if (swap !== undefined) await record.complete(JSON.parse(swap) as Swap);
    return record;
  }

  get manifest(): Manifest {
    return this.current;
  }

  /**
   * Does a stage: its outputs take the place of earlier ones once `work` has ended, and only then. What a training or a
   * generation that was cut short has left is gone on with where it is the same work.
   * @throws what `work` throws; run.json then says that the stage failed or was stopped.
   */
  async run(
    stage: StageName,
    call: StageCall,
    work: (files: StageFiles) => Promise<StageOutcome>,
  ): Promise<StageOutcome> {
    const before = this.current.stages[stage];
    const record = await this.describe(stage, call);
    const resumes = await this.canResume(stage, record);
    if (!resumes) await this.files.remove(workFolder(stage));
    const started = performance.now();
    const spent = resumes ? (before?.seconds ?? 0) : 0;
    const seconds = (): number => Math.round(spent * 1000 + performance.now() - started) / 1000;
    const finished = finishedRecord(this.current, stage);
    await this.change({
      titlesmithVersion: packageVersion,
      machine: describeMachine(),
      ...recordCallBegun(this.current, call),
      stages: {
        ...this.current.stages,
        [stage]: { ...record, status: 'running', seconds: spent, ...(finished ? { finished } : {}) },
      },
    });
    try {
      const files = storeBelow(this.files, workFolder(stage));
      const outcome = await work({ work: files, resumes });
      await this.finish(stage, call, { ...record, status: 'done', seconds: seconds() }, outcome);
      return outcome;
    } catch (error) {
      await this.recordEnd(stage, seconds(), error);
      throw error;
    }
  }

  /** Whether a stage is done, and what it has read is what the stages before it last wrote. */
  isCurrent(stage: StageName): boolean {
    const record = this.current.stages[stage];
    if (record?.status !== 'done') return false;
    const { inputs, optionalInputs } = stageDescriptions[stage];
    const isRead = (path: string): boolean =>
      [...inputs, ...optionalInputs].some((read) => path === read || path.startsWith(`${read}/`));
    const written = this.written().filter(([path]) => isRead(path) && !isOptimizerFile(path));
    return hashValue([record.inputs ?? {}]) === hashValue([Object.fromEntries(written)]);
  }

  /**
   * Lets what a stage has left that was cut short count as its result.
   * @param work makes the outputs of it; undefined where nothing is to count.
   * @returns what `work` gave; undefined too where the stage is done, or what it reads was replaced since.
   */
  async settle(
    stage: StageName,
    work: (files: FileStore, record: StageRecord) => Promise<StageOutcome | undefined>,
  ): Promise<StageOutcome | undefined> {
    const begun = this.current.stages[stage];
    if (begun === undefined || begun.status === 'done') return undefined;
    const { finished, error, ...record } = begun;
    if (hashValue([record.inputs ?? null]) !== hashValue([this.inputsOf(stage)])) return undefined;
    const outcome = await work(storeBelow(this.files, workFolder(stage)), record);
    if (outcome) await this.finish(stage, undefined, { ...record, status: 'done' }, outcome);
    return outcome;
  }

  /** The files and options that a stage's result depends on. */
  private async describe(
    stage: StageName,
    call: StageCall,
  ): Promise<Omit<StageRecord, 'status'> & { readonly options: DecidedOptions }> {
    const { options, decisions, source, device, facts, baseTitles, request } = call;
    const inputs = this.inputsOf(stage);
    const decided = decideOptions(stage, options, {
      model: decisions.model?.choice,
      mixedPrecision: 'off',
      ...facts,
    });
    return {
      startedAt: new Date().toISOString(),
      fingerprint: stageFingerprint(stage, this.current, { options, decisions, inputs, source, baseTitles }),
      inputs,
      ...(device === undefined ? {} : { device }),
      options: { ...decided, ...request },
    };
  }

  /** The recorded files of earlier stages that a stage reads. @throws TitlesmithError naming one that is missing. */
  private inputsOf(stage: StageName): Record<string, FileRecord> {
    const { inputs, optionalInputs } = stageDescriptions[stage];
    const all = this.written();
    const of = (path: string) => all.filter(([file]) => file === path || file.startsWith(`${path}/`));
    const missing = inputs.find((path) => of(path).length === 0);
    if (missing !== undefined) {
      throw new TitlesmithError(
        `${this.current.name} has no ${missing} yet, which the ${stage} stage reads.`,
        {
          code: 'stage-input-missing',
          hint: 'Do the steps before it first.',
        },
      );
    }
    const read = [...inputs, ...optionalInputs].flatMap(of).filter(([file]) => !isOptimizerFile(file));
    return Object.fromEntries(read);
  }

  /** The files that stages have written, as they last did. */
  private written(): [string, FileRecord][] {
    const stages = Object.keys(this.current.stages) as StageName[];
    return stages.flatMap((name) => Object.entries(finishedRecord(this.current, name)?.outputs ?? {}));
  }

  private async canResume(stage: StageName, record: Omit<StageRecord, 'status'>): Promise<boolean> {
    const before = this.current.stages[stage];
    if (!stageDescriptions[stage].resumable || before === undefined || before.status === 'done') return false;
    // On another device, too: a graphics card that comes or goes is no reason to begin again.
    const isSame = (key: 'fingerprint' | 'options'): boolean =>
      hashValue([before[key] ?? null]) === hashValue([record[key] ?? null]);
    if (!isSame('fingerprint') || !isSame('options')) return false;
    return (await this.files.list(workFolder(stage))).length > 0;
  }

  /** @param call undefined: the options and decisions in force stay. */
  private async finish(
    stage: StageName,
    call: Call | undefined,
    record: StageRecord,
    { counts, requests, isAddition = false }: StageOutcome,
  ): Promise<void> {
    const folder = workFolder(stage);
    const outputs: Record<string, FileRecord> = {};
    for (const { path, bytes } of await this.files.list(folder)) {
      const source = (await this.files.open(path))!;
      const sha256 = await hashSource(source).finally(() => source.close());
      outputs[path.slice(folder.length + 1)] = { bytes, sha256 };
    }
    const { options, decisions } = this.current;
    const done = { ...record, counts, outputs, ...(requests ? { requests } : {}) };
    const manifest = {
      ...this.current,
      ...(isAddition || call === undefined
        ? { options, decisions }
        : recordStageCall(this.current, stage, call)),
      stages: { ...this.current.stages, [stage]: done },
    };
    const swap: Swap = { stage, written: Object.keys(outputs), manifest };
    await this.files.write(swapFile, [JSON.stringify(swap)]);
    await this.complete(swap);
  }

  /** Puts a stage's outputs in their places; done again, it changes nothing. */
  private async complete({ stage, written, manifest }: Swap): Promise<void> {
    for (const path of stageDescriptions[stage].outputs) {
      const old = [path, ...(await this.files.list(path)).map((file) => file.path)];
      for (const file of old)
        if (!written.some((name) => isOrHolds(file, name))) await this.files.remove(file);
    }
    const waiting = new Set((await this.files.list(workFolder(stage))).map(({ path }) => path));
    for (const name of written) {
      const from = `${workFolder(stage)}/${name}`;
      if (waiting.has(from)) await this.files.move(from, name);
    }
    await this.write(manifest);
    this.current = manifest;
    await this.files.remove('ready');
    await this.files.remove(workFolder(stage));
  }

  /** Where even this cannot be written, the error of the stage matters more. */
  private async recordEnd(stage: StageName, seconds: number, error: unknown): Promise<void> {
    const status = error instanceof InterruptedError ? 'interrupted' : 'failed';
    const message = error instanceof TitlesmithError ? error.toLine() : String(error);
    const record = this.current.stages[stage]!;
    const stages = { ...this.current.stages, [stage]: { ...record, status, seconds, error: message } };
    await this.change({ stages }).catch(() => {});
    if (!stageDescriptions[stage].resumable) await this.files.remove(workFolder(stage)).catch(() => {});
  }

  private async change(changes: Partial<Manifest>): Promise<void> {
    const changed = { ...this.current, ...changes };
    await this.write(changed);
    this.current = changed;
  }

  private async write(manifest: Manifest): Promise<void> {
    await this.files.write(manifestFileName, [formatManifest(manifest)]);
  }
}

/** Whether a path is that of a written file, or of a folder that holds it. */
const isOrHolds = (path: string, written: string): boolean =>
  written === path || written.startsWith(`${path}/`);
