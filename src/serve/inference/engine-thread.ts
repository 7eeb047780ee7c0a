import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { TitlesmithError } from '../../common/errors.js';
import { packError } from '../../common/packed-error.js';
import type { TitleJudge } from '../../dedupe/title-judge.js';
import { openEngine } from '../../model/engine/open-engine.js';
import { ContinuousBatch } from '../../model/generation/continuous-batch.js';
import { GenerationRequest } from '../../model/generation/generation-request.js';
import type { GenerationOptions } from '../../model/generation/options.js';
import { encodePrompts, longestPrompt, type Prompt } from '../../model/generation/prompts.js';
import type { GeneratedText, Sequence } from '../../model/generation/sequence.js';
import { elementCount } from '../../model/graph/shape.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { DecodeSession } from '../../model/transformer/decode-session.js';
import { parameterSpecifications } from '../../model/transformer/parameters.js';
import { openForGeneration } from '../../model/weights/open-for-generation.js';
import type { EngineSettings, ModelFacts, Served, ServedText, TextsWanted } from '../served-model.js';
import type { EngineData, FromEngine, Refusal, RequestEvent, ToEngine } from './messages.js';
import { openJudge } from './open-judge.js';
import { overlapped } from './overlapped.js';

const port = parentPort!;
const send = (message: FromEngine): void => port.postMessage(message);

/** An event on its way out; a text is judged just before. */
type Waiting = RequestEvent | { readonly judged: true; readonly event: RequestEvent & { kind: 'text' } };

/** What happened and was not told yet. Told while the model runs, so that neither waits for the other. */
class Outbox {
  private waiting: Waiting[] = [];
  private busyTold = 0;

  constructor(
    private readonly judge: TitleJudge | undefined,
    private readonly busy: () => number,
  ) {}

  add(event: RequestEvent): void {
    this.waiting.push(event);
  }

  addText(id: number, { seed: _, ...text }: GeneratedText, rest: string, judged: boolean): void {
    const event = { kind: 'text', id, text: { ...text, judgement: undefined }, rest } as const;
    this.waiting.push(judged ? { judged, event } : event);
  }

  flush(): void {
    const busy = this.busy();
    if (this.waiting.length === 0 && busy === this.busyTold) return;
    const events = this.waiting.map((each) => ('judged' in each ? this.withJudgement(each.event) : each));
    this.waiting = [];
    this.busyTold = busy;
    send({ kind: 'events', busy, events });
  }

  private withJudgement(event: RequestEvent & { kind: 'text' }): RequestEvent {
    const text: ServedText = { ...event.text, judgement: this.judge?.judge(event.text.text) };
    return { ...event, text };
  }
}

interface Engine {
  readonly session: DecodeSession;
  readonly tokenizer: Tokenizer;
  readonly judge: TitleJudge | undefined;
  readonly facts: ModelFacts;
}

async function load(served: Served, settings: EngineSettings): Promise<Engine> {
  const started = performance.now();
  const { slots, capacity, precision, threads, device } = settings;
  const engine = await openEngine(device, { threads });
  const sizes = { engine, slots, capacity, precision };
  const { configuration, tokenizer, session } = await openForGeneration(served.model, sizes);
  // The first step of a session is slower: no client should wait for it.
  await session.prefill(Int32Array.of(tokenizer.endOfTextId), 1);
  const opened = served.titles && (await openJudge(served.titles));
  const shapes = parameterSpecifications(configuration).map(({ shape }) => elementCount(shape));
  const facts: ModelFacts = {
    parameters: shapes.reduce((sum, count) => sum + count, 0),
    capacity: session.capacity,
    vocabularySize: configuration.vocabularySize,
    titles: opened?.titles ?? 0,
    rule: opened?.judge.rules.thresholdReason ?? '',
    loadSeconds: (performance.now() - started) / 1000,
  };
  return { session, tokenizer, judge: opened?.judge, facts };
}

/** The prompt that leaves no room for new tokens, if any; or the options with a length that fits, and the prompts. */
function fitLength(
  { options: asked, shorten }: TextsWanted,
  { delimiters }: Served,
  { tokenizer, facts }: Engine,
):
  | { readonly refusal: Refusal }
  | {
      readonly options: GenerationOptions;
      readonly prompts: readonly Prompt[];
      readonly promptTokens: number[];
    } {
  const options = { ...asked, delimiters };
  const prompts = encodePrompts(tokenizer, options);
  const promptTokens = prompts.map(({ tokens }) => tokens.length);
  const longest = longestPrompt(prompts);
  const length = shorten ? Math.min(options.length, facts.capacity - longest) : options.length;
  if (length >= 1 && longest + length <= facts.capacity)
    return { options: { ...options, length }, prompts, promptTokens };
  return { refusal: { why: 'too long', prefix: promptTokens.indexOf(longest), promptTokens: longest } };
}

async function main(): Promise<void> {
  const { served, settings } = workerData as EngineData;
  const engine = await load(served, settings);
  const outbox: Outbox = new Outbox(engine.judge, () => batch.busySlots);
  const session = overlapped(engine.session, () => outbox.flush());
  const batch = new ContinuousBatch(session);
  const requests = new Map<number, GenerationRequest>();
  let closing = false;
  let wake: () => void = () => {};

  const end = (id: number, refusal: Refusal | undefined): void => {
    requests.delete(id);
    outbox.add({ kind: 'end', id, refusal });
  };
  const begin = (id: number, wanted: TextsWanted): void => {
    const fitted = fitLength(wanted, served, engine);
    if ('refusal' in fitted) {
      end(id, fitted.refusal);
      return;
    }
    const { options, prompts, promptTokens } = fitted;
    const onToken = (sequence: Sequence): void => {
      const piece = sequence.takeDelta();
      if (piece !== '') outbox.add({ kind: 'piece', id, index: sequence.index, piece });
    };
    const request = new GenerationRequest(
      session,
      engine.tokenizer,
      options,
      {
        ...(wanted.pieces ? { onToken } : {}),
        onText: (text, rest) => outbox.addText(id, text, rest, wanted.judged && engine.judge !== undefined),
        onEnd: (error) =>
          end(id, error === undefined ? undefined : { why: 'failed', message: messageOf(error) }),
      },
      { prompts },
    );
    requests.set(id, request);
    batch.add(request);
    outbox.add({ kind: 'begin', id, promptTokens });
  };
  port.on('message', (message: ToEngine) => {
    if (message.kind === 'close') closing = true;
    else if (message.kind === 'withdraw') {
      const request = requests.get(message.id);
      requests.delete(message.id);
      if (request) batch.remove(request);
    } else {
      try {
        begin(message.id, message.wanted);
      } catch (error) {
        end(message.id, { why: 'failed', message: messageOf(error) });
      }
    }
    wake();
  });
  send({ kind: 'ready', facts: engine.facts });
  while (!closing) {
    if (batch.idle) {
      outbox.flush();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else {
      await batch.step();
      // A step of texts that end at once runs no model; messages are heard even so.
      await setImmediate();
    }
  }
  await engine.session.dispose();
  port.close();
}

function messageOf(error: unknown): string {
  return error instanceof TitlesmithError ? error.toLine() : String(error);
}

try {
  await main();
} catch (error) {
  send({ kind: 'failed', error: packError(error) });
  port.close();
}
