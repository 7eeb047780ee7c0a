import type { TitleJudge } from '../../dedupe/title-judge.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import type { Completion, FinishedText } from '../completion.js';
import type { FromWorker, RequestEvent } from './thread-messages.js';

type TextEvent = RequestEvent & { readonly kind: 'text' };

/** An event to be sent; a judged text is compared with the titles just before. */
type QueuedEvent = RequestEvent | { readonly judge: TitleJudge; readonly event: TextEvent };

/** Events not sent yet. They are sent while the model runs, so that neither waits for the other. */
export class Outbox {
  private queued: QueuedEvent[] = [];
  private busySlotsSent = '';

  /** @param busySlots slots that are generating, by the model's name. */
  constructor(
    private readonly busySlots: () => ReadonlyMap<string, number>,
    private readonly send: (message: FromWorker) => void,
  ) {}

  add(event: RequestEvent): void {
    this.queued.push(event);
  }

  /** @param judge compares the text with titles; undefined where that is not asked for, or there are none. */
  addText(
    id: number,
    { index, text, tokens, finishReason }: GeneratedText,
    finished: Omit<FinishedText, 'kind' | 'text'>,
    judge: TitleJudge | undefined,
  ): void {
    const completion = { index, text, tokens, finishReason, judgement: undefined };
    const event: TextEvent = { kind: 'text', id, text: completion, ...finished };
    this.queued.push(judge ? { judge, event } : event);
  }

  flush(): void {
    const busySlots = this.busySlots();
    const busySlotsNow = [...busySlots].flat().join();
    if (this.queued.length === 0 && busySlotsNow === this.busySlotsSent) return;
    const events = this.queued.map((each) => ('judge' in each ? judgedEvent(each) : each));
    this.queued = [];
    this.busySlotsSent = busySlotsNow;
    this.send({ kind: 'events', busySlots, events });
  }
}

function judgedEvent({ judge, event }: { readonly judge: TitleJudge; readonly event: TextEvent }): TextEvent {
  const text: Completion = { ...event.text, judgement: judge.judge(event.text.text) };
  return { ...event, text };
}
