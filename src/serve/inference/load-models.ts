import { TitlesmithError } from '../../common/errors.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { elementCount } from '../../model/graph/shape.js';
import { startOf, type Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { type Adapter, decodeAdapter } from '../../model/transformer/adapters.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import type { DecodeSession } from '../../model/transformer/decode-session.js';
import { parameterSpecifications } from '../../model/transformer/parameters.js';
import { readAdapter } from '../../model/weights/adapter-file.js';
import { openForGeneration } from '../../model/weights/open-for-generation.js';
import type { Delimiters } from '../../options/choices.js';
import type { ModelFacts, ServedModel, TitleFiles } from '../served-model.js';
import { type OpenedJudge, openJudge } from './open-judge.js';
import type { WorkerInput } from './thread-messages.js';

/** A model that is ready to generate. */
export interface LoadedModel {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly delimiters: Delimiters;
  readonly facts: ModelFacts;
  /** What its texts are judged by; undefined where they are not compared with titles. */
  readonly judge: HeldJudge | undefined;
  /** What it adds to the session's weights; undefined where these are its own. */
  readonly adapter: Adapter | undefined;
}

/** Models that generate in one batch, by name. */
interface LoadedModels {
  readonly session: DecodeSession;
  readonly models: Map<string, LoadedModel>;
  /** Loads one more that shares the weights, without its being one of `models`. @throws TitlesmithError when it cannot be. */
  readonly load: (served: ServedModel) => Promise<LoadedModel>;
}

/** A judge whose titles are read once, when it is first asked for. */
class HeldJudge {
  private opening: Promise<OpenedJudge> | undefined;
  private opened: OpenedJudge | undefined;

  constructor(private readonly files: TitleFiles) {}

  /** The judge, where its titles are read already. */
  get held(): OpenedJudge | undefined {
    return this.opened;
  }

  /** @throws TitlesmithError when a dataset file cannot be read; the next call tries again. */
  async open(): Promise<OpenedJudge> {
    this.opening ??= openJudge(this.files);
    try {
      this.opened = await this.opening;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
    return this.opened;
  }
}

/**
 * Loads a model, or the weights of a base model and the adapters of those that share them.
 * @throws TitlesmithError when a model or a dataset file cannot be read, or the device cannot run it.
 */
export async function loadModels({ group, settings, titles }: WorkerInput): Promise<LoadedModels> {
  const started = performance.now();
  const { slots, capacity, threads, device } = settings;
  const { models, adapterRank } = group;
  const [{ model, precision, shared }] = models as readonly [ServedModel];
  const engine = await openEngine(device, { threads });
  const sizes = { engine, slots, capacity, precision, adapterRank };
  const { configuration, tokenizer, session } = await openForGeneration(shared?.base ?? model, sizes);
  // The first step of a session is slower: no client should have to wait for it.
  await session.prefill(Int32Array.of(startOf(tokenizer)), 1);
  const sizesOfParameters = parameterSpecifications(configuration).map(({ shape }) => elementCount(shape));
  const parameters = sizesOfParameters.reduce((sum, size) => sum + size, 0);
  const load = async (served: ServedModel, since = performance.now()): Promise<LoadedModel> => {
    const { name, delimiters } = served;
    const adapter = await loadAdapter(served, configuration, adapterRank);
    const judge = served.titles && new HeldJudge(served.titles);
    const judged = titles === 'at start' ? await judge?.open() : undefined;
    const facts: ModelFacts = {
      parameters,
      capacity: session.capacity,
      vocabularySize: configuration.vocabularySize,
      titles: judged?.titles ?? 0,
      rule: judged?.judge.rules.thresholdReason ?? '',
      loadSeconds: (performance.now() - since) / 1000,
    };
    return { name, tokenizer, delimiters, facts, judge, adapter };
  };
  const loaded = new Map<string, LoadedModel>();
  for (const served of models) loaded.set(served.name, await load(served, started));
  return { session, models: loaded, load };
}

/** What a model adds to the weights that it shares; undefined for nothing. */
async function loadAdapter(
  { model, shared }: ServedModel,
  configuration: TransformerConfiguration,
  rank: number | undefined,
): Promise<Adapter | undefined> {
  if (!shared?.adapter || rank === undefined) return undefined;
  const { folder } = shared.adapter;
  const read = await readAdapter(folder, configuration);
  if (read.base !== shared.identity || read.rank > rank) {
    throw new TitlesmithError(`${model}: its adapter was replaced while it was to be served.`, {
      code: 'model-changed',
      hint: 'Run the same command again.',
    });
  }
  return decodeAdapter(configuration, read.factors, read.rank, rank);
}
