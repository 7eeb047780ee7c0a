import type { TitleJudge } from '../../dedupe/title-judge.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import type { Completion, FinishedText } from '../completion.js';
import type { FromWorker, RequestEvent } from './thread-messages.js';

type TextEvent = RequestEvent & { readonly kind: 'text' };

/** An event to be sent; a judged text is compared with the titles just before. */
type QueuedEvent = RequestEvent | { readonly judged: true; readonly event: TextEvent };

/** Events not sent yet. They are sent while the model runs, so that neither waits for the other. */
export class Outbox {
  private queued: QueuedEvent[] = [];
  private busySlotsSent = 0;

  constructor(
    private readonly judge: TitleJudge | undefined,
    private readonly busySlots: () => number,
    private readonly send: (message: FromWorker) => void,
  ) {}

  add(event: RequestEvent): void {
    this.queued.push(event);
  }

  addText(
    id: number,
    { index, text, tokens, finishReason }: GeneratedText,
    finished: Omit<FinishedText, 'kind' | 'text'>,
    judged: boolean,
  ): void {
    const completion = { index, text, tokens, finishReason, judgement: undefined };
    const event: TextEvent = { kind: 'text', id, text: completion, ...finished };
    this.queued.push(judged ? { judged, event } : event);
  }

  flush(): void {
    const busySlots = this.busySlots();
    if (this.queued.length === 0 && busySlots === this.busySlotsSent) return;
    const events = this.queued.map((each) => ('judged' in each ? this.withJudgement(each.event) : each));
    this.queued = [];
    this.busySlotsSent = busySlots;
    this.send({ kind: 'events', busySlots, events });
  }

  private withJudgement(event: TextEvent): TextEvent {
    const text: Completion = { ...event.text, judgement: this.judge?.judge(event.text.text) };
    return { ...event, text };
  }
}
