import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CompletionSummary } from './completion.js';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Of one model; read whenever the metrics are. */
interface ModelGauges {
  readonly name: string;
  readonly busySlots: number;
  readonly pendingTexts: number;
  readonly isReady: boolean;
}

/**
 * The server's metrics in Prometheus' text format, with those of the Node.js process. What is done for a model has the label
 * `model`, its name.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests: Counter<'method' | 'route' | 'status'>;
  private readonly durations: Histogram<'route'>;
  private readonly firsts: Histogram<'model'>;
  private readonly generations: Counter<'model' | 'outcome'>;
  private readonly texts: Counter<'model'>;
  private readonly tokens: Counter<'model'>;
  private readonly rejected: Counter<'status'>;

  /** @param slots of each model, or of all that share their weights. */
  constructor(models: () => readonly ModelGauges[], slots: number) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Counter({
      name: 'titlesmith_http_requests_total',
      help: 'HTTP requests answered.',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    this.durations = new Histogram({
      name: 'titlesmith_http_request_duration_seconds',
      help: 'From the head of a request to the end of its answer.',
      labelNames: ['route'],
      buckets: seconds,
      registers,
    });
    this.firsts = new Histogram({
      name: 'titlesmith_time_to_first_text_seconds',
      help: 'From taking a request to its first token, or first text where it does not stream.',
      labelNames: ['model'],
      buckets: seconds,
      registers,
    });
    this.generations = new Counter({
      name: 'titlesmith_generations_total',
      help: 'Requests for texts that were taken, by how they ended.',
      labelNames: ['model', 'outcome'],
      registers,
    });
    this.texts = new Counter({
      name: 'titlesmith_texts_total',
      help: 'Texts finished.',
      labelNames: ['model'],
      registers,
    });
    this.tokens = new Counter({
      name: 'titlesmith_tokens_total',
      help: 'Tokens of finished texts.',
      labelNames: ['model'],
      registers,
    });
    this.rejected = new Counter({
      name: 'titlesmith_refused_total',
      help: 'Requests for texts that were not taken: 429 for a full queue, 503 for no model.',
      labelNames: ['status'],
      registers,
    });
    const gauge = (name: string, help: string, read: (model: ModelGauges) => number): void => {
      new Gauge({
        name: `titlesmith_${name}`,
        help,
        labelNames: ['model'],
        registers,
        collect() {
          for (const model of models()) this.set({ model: model.name }, read(model));
        },
      });
    };
    gauge('slots', 'Texts that can be generated side by side; models of one base share them.', () => slots);
    gauge('slots_busy', 'Slots at work.', ({ busySlots }) => busySlots);
    gauge('texts_pending', 'Texts taken and not finished.', ({ pendingTexts }) => pendingTexts);
    gauge('ready', '1 when the model is loaded and requests are taken.', ({ isReady }) => Number(isReady));
  }

  /** Shows a model's counters, at 0, before it has done anything. */
  introduce(model: string): void {
    this.texts.inc({ model }, 0);
    this.tokens.inc({ model }, 0);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** @param route the pattern of the path, not the path itself, of which there are unboundedly many. */
  countRequest(method: string, route: string, status: number, duration: number): void {
    this.requests.inc({ method, route, status });
    this.durations.observe({ route }, duration);
  }

  onEnd(model: string, { outcome, texts, tokens, firstSeconds }: CompletionSummary): void {
    this.generations.inc({ model, outcome });
    this.texts.inc({ model }, texts);
    this.tokens.inc({ model }, tokens);
    if (firstSeconds !== undefined) this.firsts.observe({ model }, firstSeconds);
  }

  onRejected(status: number): void {
    this.rejected.inc({ status });
  }
}
