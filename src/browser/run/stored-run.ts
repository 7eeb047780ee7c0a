import { plantedTexts } from '../../common/canaries.js';
import { TitlesmithError } from '../../common/errors.js';
import type { Judgement } from '../../common/judgement.js';
import { baseFingerprintsHash } from '../../common/package-facts.js';
import type { WorkContext } from '../../common/progress.js';
import { hexOf, sha256 } from '../../common/sha256.js';
import type {
  DatasetCounts,
  DedupeCounts,
  ExtractCounts,
  FinetuneCounts,
  GenerateCounts,
} from '../../common/stage-counts.js';
import { formatTitleLosses } from '../../common/title-losses.js';
import { datasetLine } from '../../data/dataset-lines.js';
import { splitTitles } from '../../data/title-split.js';
import { type BaseTitles, decodeBaseTitles } from '../../dedupe/base-titles.js';
import { applyDecisions } from '../../dedupe/decisions.js';
import { countVerdicts } from '../../dedupe/dedupe.js';
import { formatJudgement } from '../../dedupe/judgement-json.js';
import { acceptedLines, rejectedRecords } from '../../dedupe/verdict-lists.js';
import { needsNovelty } from '../../model/generation/generation-options.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { tokenChunks } from '../../model/tokenizer/token-chunks.js';
import { TitleEncoder } from '../../model/tokenizer/tokenized-titles.js';
import { baseName } from '../../model/weights/base-model.js';
import { configurationIn, openModelIn, openWeightsIn } from '../../model/weights/folder-model.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import { completeContext } from '../../options/call-arguments.js';
import { type StageName, stageNames } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import { restoreOptions } from '../../options/option-values.js';
import { renderReport } from '../../report/report-page.js';
import { foreignName } from '../../run/archive/foreign-paths.js';
import { decideOptions } from '../../run/decided-options.js';
import { countTexts } from '../../run/generated-texts.js';
import { planGeneration, requestsWith } from '../../run/generation-plan.js';
import { judgeTitles, outputOf, remarksOn } from '../../run/judged-titles.js';
import { type Decision, type Decisions, finishedRecord, type Manifest } from '../../run/manifest.js';
import { noveltyBeside } from '../../run/novelty.js';
import { restoreStageOptions } from '../../run/recorded-options.js';
import { reportOnRun } from '../../run/report-on-run.js';
import { sampledCopies } from '../../run/reported-facts.js';
import { runFiles, sampleFile } from '../../run/run-files.js';
import { countsOf, recordedFacts } from '../../run/stage-fingerprint.js';
import { usableRunCounts } from '../../run/usable-counts.js';
import type { PageAssets } from '../../web/html-page.js';
import { textsOfModel } from '../generate-texts.js';
import type { FileStore } from '../storage/file-store.js';
import { RecordBlob } from '../storage/record-blob.js';
import { readTextOf, storedFolder } from '../storage/stored-text.js';
import { cleanSource, openTitleInput, type TitleInput } from '../titles/read-titles.js';
import { type StartingModel, trainOnTitles } from '../train-on-titles.js';
import { packModelFiles, packRunFiles } from './archived-run.js';
import { checkWritesAlone, runOptionsOf } from './browser-options.js';
import type { BrowserRun, ComputingDevice, TrainingContext } from './browser-run.js';
import { type GenerationContext, GenerationWork, readGeneratedOf } from './generation-work.js';
import type { RunRecord, StageFiles } from './run-record.js';
import {
  readAcceptedBeforeOf,
  readCanariesOf,
  readDatasetOf,
  readDecisionsOf,
  readJudgementOf,
  readLossesOf,
  readMetricsOf,
  readTitlesOf,
} from './stored-files.js';
import { TrainingStore } from './training-store.js';

/** A run in a store of files. */
export class StoredRun implements BrowserRun {
  /** @param release lets another tab open it. */
  constructor(
    readonly files: FileStore,
    private readonly record: RunRecord,
    private readonly release: () => void,
  ) {}

  get name(): string {
    return this.record.manifest.name;
  }

  get manifest(): Manifest {
    return this.record.manifest;
  }

  get nextStage(): StageName | undefined {
    return stageNames.find((stage) => this.manifest.stages[stage]?.status !== 'done');
  }

  async extract(
    input: TitleInput,
    given: Partial<WorkContext> = {},
  ): Promise<{ readonly extract: ExtractCounts; readonly dataset: DatasetCounts }> {
    const context = completeContext<WorkContext>('extract', given);
    const options = { ...restoreStageOptions(this.manifest, 'extract'), ...recordedInput(input) };
    const source = openTitleInput(input, options, context);
    const reason = source.name === 'sample' ? 'the bundled sample' : 'files that were chosen in a browser';
    const decisions = {
      ...this.manifest.decisions,
      source: { choice: source.name, reason, description: source.describe() },
    };
    const call = { options, decisions, source: await source.fingerprint() };
    const { counts } = await this.record.run('extract', call, async ({ work }) => {
      const titles: string[] = [];
      const dropped = new RecordBlob();
      const takers = {
        titles: (record: string) => void titles.push(record),
        dropped: (record: string) => dropped.add(record),
      };
      const { counts } = await cleanSource(source, options, takers, context);
      await work.write(runFiles.titles, titles);
      await work.write(runFiles.dropped, dropped.chunks());
      return { counts };
    });
    return {
      extract: counts as ExtractCounts,
      dataset: await this.splitDataset(options, decisions, context),
    };
  }

  private async splitDataset(
    options: RunOptions,
    decisions: Decisions,
    { onProgress }: WorkContext,
  ): Promise<DatasetCounts> {
    const { counts } = await this.record.run('dataset', { options, decisions }, async ({ work }) => {
      const { validationShare } = options;
      const { train, validation } = splitTitles(await readTitlesOf(this.files), { validationShare });
      await work.write(runFiles.train, train.map(datasetLine));
      await work.write(runFiles.validation, validation.map(datasetLine));
      return { counts: { train: train.length, validation: validation.length } };
    });
    const { train, validation } = counts as DatasetCounts;
    onProgress({
      kind: 'note',
      message: `${train} titles to train on, ${validation} held out by their hash`,
    });
    return { train, validation };
  }

  async finetune(
    model: StartingModel,
    device: ComputingDevice,
    given: Partial<TrainingContext> = {},
  ): Promise<FinetuneCounts> {
    const quiet = { onMetrics: () => {}, onSample: () => {} };
    const context = completeContext<TrainingContext>('finetune', { ...quiet, ...given });
    const options = restoreStageOptions(this.manifest, 'finetune');
    const { name, hash } = model;
    const from = name === baseName ? 'the model that ships with titlesmith' : 'chosen in a browser';
    const decisions = {
      ...this.manifest.decisions,
      model: { choice: name, reason: from, ...(hash === undefined ? {} : { hash }) },
      device: deviceDecision(device),
      mixedPrecision: { choice: 'off', reason: 'a browser computes in float32' },
    };
    const call = { options, decisions, device: device.engine.name };
    const { counts } = await this.record.run('finetune', call, (files) =>
      this.train(model, device, options, files, context),
    );
    return counts as FinetuneCounts;
  }

  private async train(
    model: StartingModel,
    { engine }: ComputingDevice,
    options: RunOptions,
    { work }: StageFiles,
    context: TrainingContext,
  ) {
    const { tokenizer, configuration } = model;
    const titles = await readDatasetOf(this.files);
    const limits = { maximumTokens: configuration.contextLength - 1 };
    const encoder = new TitleEncoder(tokenizer, limits);
    await work.write(runFiles.trainTokens, tokenChunks(titles.train, tokenizer, encoder));
    await work.write(runFiles.validationTokens, tokenChunks(titles.validation, tokenizer, encoder));
    const training = {
      engine,
      model,
      titles,
      options,
      storage: new TrainingStore(work, context.onMetrics),
      openKept: () => openWeightsIn(storedFolder(work, runFiles.checkpoint), configuration),
      keepSample: async (step: number, lines: string) => {
        await work.write(sampleFile(step), [lines]);
        context.onSample(step, lines.trimEnd().split('\n'));
      },
    };
    const { counts, losses } = await trainOnTitles(training, context);
    await work.write(runFiles.titleLosses, [formatTitleLosses(losses)]);
    return { counts };
  }

  async generate(
    device: ComputingDevice,
    given: Partial<RunOptions> = {},
    givenContext: Partial<GenerationContext> = {},
    fingerprints?: Uint8Array,
  ): Promise<GenerateCounts> {
    const context = completeContext<GenerationContext>('generate', { onText: () => {}, ...givenContext });
    const restored = restoreStageOptions(this.manifest, 'generate');
    checkWritesAlone(this.name, restored);
    const options = runOptionsOf('generate', given, restored);
    const model = await this.openModel();
    try {
      const decisions = { ...this.manifest.decisions, device: deviceDecision(device) };
      const facts = { vocabularySize: model.configuration.vocabularySize };
      const decided = decideOptions('generate', options, facts);
      const finished = finishedRecord(this.manifest, 'generate');
      const call = { finished, isForced: false, options: decided, nsamples: options.nsamples, prefixes: 1 };
      const plan = planGeneration({ ...call, given: { nsamples: options.nsamples }, takenFrom: undefined });
      const request = plan ?? { first: 0, nsamples: options.nsamples };
      const asked = { options, decisions, facts, device: device.engine.name, request: { ...request } };
      const { counts } = await this.record.run('generate', asked, async ({ work, resumes }) => {
        const kept = request.first === 0 ? [] : await this.readGenerated();
        const gathered = await GenerationWork.open(work, resumes, context.onText);
        const beside = {
          firstIndex: request.first,
          finished: gathered.finished,
          ...(await this.novelty(options, model, fingerprints, context)),
        };
        const { engine } = device;
        await gathered.takeAll(textsOfModel({ engine, model, options, beside }, context));
        await gathered.finish(kept);
        const counts = countTexts([...kept, ...gathered.texts]);
        return { counts, requests: requestsWith(request, call), isAddition: request.first > 0 };
      });
      return counts as GenerateCounts;
    } finally {
      await model.weights.close();
    }
  }

  async keepWritten(): Promise<GenerateCounts | undefined> {
    const settled = await this.record.settle('generate', async (work, record) => {
      const { first, nsamples, ...options } = record.options ?? {};
      const gathered = await GenerationWork.open(work, true, () => {});
      if (typeof first !== 'number' || gathered.texts.length === 0) return undefined;
      const kept = first === 0 ? [] : await this.readGenerated();
      await gathered.finish(kept);
      // Counted from the last on: those that are missing between them are never made.
      const span = gathered.texts.at(-1)!.index + 1 - first;
      const finished = finishedRecord(this.manifest, 'generate');
      const requests = requestsWith({ first, nsamples: span }, { finished, options, prefixes: 1 });
      return { counts: countTexts([...kept, ...gathered.texts]), requests };
    });
    return settled?.counts as GenerateCounts | undefined;
  }

  /** What texts are compared with while they are generated, where that is asked for. */
  private async novelty(
    options: RunOptions,
    model: OpenModel,
    fingerprints: Uint8Array | undefined,
    context: WorkContext,
  ) {
    if (!options.novel && !needsNovelty(options)) return {};
    const titles = await readDatasetOf(this.files);
    const baseTitles = baseTitlesOf(model.configuration, fingerprints);
    const canaries = await this.planted();
    const { mayStand, noveltyOf } = await noveltyBeside({ titles, baseTitles, canaries }, options, context);
    return { mayStand: options.novel ? mayStand : undefined, noveltyOf };
  }

  /** What a training on Node's side planted among the titles; undefined: nothing. */
  private async planted(): Promise<string[] | undefined> {
    const canaries = await readCanariesOf(this.files);
    return canaries && plantedTexts(canaries);
  }

  get isJudged(): boolean {
    return this.record.isCurrent('dedupe');
  }

  async dedupe(fingerprints: Uint8Array, given: Partial<WorkContext> = {}): Promise<DedupeCounts> {
    const context = completeContext<WorkContext>('dedupe', given);
    const { semantic, ...restored } = restoreStageOptions(this.manifest, 'dedupe');
    const options = { ...restored, semantic: false };
    if (semantic)
      context.onProgress({
        kind: 'warning',
        message: 'A browser does not look for paraphrases (--semantic).',
      });
    const { decisions } = this.manifest;
    const checkpoint = storedFolder(this.files, runFiles.checkpoint);
    const baseTitles = baseTitlesOf(await configurationIn(checkpoint), fingerprints);
    const isFromBase = baseTitles !== undefined;
    const hash = isFromBase ? baseFingerprintsHash : undefined;
    const call = { options, decisions, facts: { isFromBase }, baseTitles: hash };
    const { counts } = await this.record.run('dedupe', call, async ({ work }) => {
      const outputs = (await this.readGenerated()).map(outputOf);
      const titles = await readDatasetOf(this.files);
      const canaries = await this.planted();
      const earlier = await readAcceptedBeforeOf(this.files);
      const judged = { outputs, titles, baseTitles, canaries, earlier };
      const judgement = await judgeTitles(judged, options, context);
      for (const message of remarksOn(judgement, options)) context.onProgress({ kind: 'note', message });
      await work.write(runFiles.judgement, formatJudgement(judgement));
      const reviewed = applyDecisions(judgement.verdicts, await readDecisionsOf(this.files));
      await work.write(runFiles.accepted, acceptedLines(reviewed));
      await work.write(runFiles.rejected, rejectedRecords(reviewed));
      return { counts: countVerdicts(judgement.verdicts) };
    });
    return counts as DedupeCounts;
  }

  async report(assets: PageAssets) {
    const { decisions, options: recorded } = this.manifest;
    const options = restoreOptions(recorded);
    const judgement = await readJudgementOf(this.files);
    const metrics = await readMetricsOf(this.files);
    const countSamples = async (step: number): Promise<number | undefined> =>
      (await readTextOf(this.files, sampleFile(step)))?.split('\n').length;
    const { figures, counts } = reportOnRun({
      runName: this.name,
      options,
      decisions,
      recorded: recordedFacts(this.manifest),
      counts: usableRunCounts(countsOf(this.manifest, ['extract', 'dataset', 'finetune', 'generate'])),
      judgement: judgement ?? missing(runFiles.judgement),
      losses: await readLossesOf(this.files),
      metrics,
      sampled: await sampledCopies(metrics, countSamples),
      canaries: await readCanariesOf(this.files),
    });
    const page = renderReport(figures, assets);
    await this.record.run('report', { options, decisions }, async ({ work }) => {
      await work.write(runFiles.reportFigures, [`${JSON.stringify(figures, null, 2)}\n`]);
      await work.write(runFiles.reportPage, [page]);
      return { counts };
    });
    return { counts, figures, page };
  }

  openModel(): Promise<OpenModel> {
    return openModelIn(storedFolder(this.files, runFiles.checkpoint));
  }

  readJudgement(): Promise<Judgement | undefined> {
    return readJudgementOf(this.files);
  }

  readGenerated(): Promise<readonly GeneratedText[]> {
    return readGeneratedOf(this.files);
  }

  pack(given: Partial<WorkContext> = {}): Promise<Blob> {
    return packRunFiles(this.manifest, this.files, completeContext<WorkContext>('pack', given));
  }

  packModel(given: Partial<WorkContext> = {}): Promise<Blob> {
    return packModelFiles(this.name, this.files, completeContext<WorkContext>('packModel', given));
  }

  async close(): Promise<void> {
    this.release();
  }
}

/** Where titles came from as options record it: by a name that nothing can be read by, as no path leads into a browser. */
function recordedInput(input: TitleInput): Pick<RunOptions, 'source' | 'input'> {
  if ('sample' in input) return { source: 'sample', input: [] };
  return { source: 'csv', input: input.files.map(({ name }) => foreignName(name)) };
}

function deviceDecision({ engine, reason }: ComputingDevice): Decision {
  return { choice: engine.name, reason };
}

function missing(file: string): never {
  throw new TitlesmithError(`${file} is missing, which the report is made of.`, {
    code: 'stage-input-missing',
    hint: 'Do the steps before it first.',
  });
}

/**
 * What the base model was trained on, for a model that descends from it.
 * @throws TitlesmithError `base-model-changed` when the bytes are not those that ship.
 */
function baseTitlesOf(
  { descendsFrom }: OpenModel['configuration'],
  fingerprints: Uint8Array | undefined,
): BaseTitles | undefined {
  if (descendsFrom !== baseName) return undefined;
  if (fingerprints !== undefined && hexOf(sha256(fingerprints)) === baseFingerprintsHash)
    return decodeBaseTitles(fingerprints);
  throw new TitlesmithError(
    'The fingerprints of what the base model was trained on are not those that ship.',
    {
      code: 'base-model-changed',
      hint: 'Give the bytes of data/base/fingerprints.bin.',
    },
  );
}
