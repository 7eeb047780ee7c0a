import { Agent, request } from 'node:http';

/** What became of one request. Times in milliseconds. */
export interface Answer {
  readonly status: number;
  /** To the first token; undefined where none came. */
  readonly first: number | undefined;
  /** To the end of the answer. */
  readonly whole: number;
}

/** What a request asks for: of which model, how many tokens, and where above 0 the share that nucleus sampling keeps. */
interface Asked {
  readonly model: string;
  readonly length: number;
  readonly topP: number;
}

/** One text over HTTP, streamed, as OpenAI's clients ask for it. Any failure is an answer with status 0. */
function askForText(url: string, agent: Agent, { model, length, topP }: Asked): Promise<Answer> {
  const nucleus = topP > 0 ? { top_p: topP } : {};
  const asked = { model, prompt: '', max_tokens: length, temperature: 0.7, ...nucleus, stream: true };
  const body = JSON.stringify(asked);
  const started = performance.now();
  let first: number | undefined;
  return new Promise((resolve) => {
    const end = (status: number): void => resolve({ status, first, whole: performance.now() - started });
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const sent = request(`${url}v1/completions`, { method: 'POST', agent, headers }, (response) => {
      let isDone = false;
      response.on('data', (chunk: Buffer) => {
        if (response.statusCode === 200) first ??= performance.now() - started;
        // The mark of a complete stream; whatever else ends it is a failure.
        isDone ||= chunk.includes('[DONE]');
      });
      response.on('end', () => end(response.statusCode === 200 && !isDone ? 0 : response.statusCode!));
      response.on('error', () => end(0));
    });
    sent.on('error', () => end(0));
    sent.end(body);
  });
}

export interface Load {
  readonly url: string;
  readonly model: string;
  /** Of the clients, in turns, where they do not all ask the same. */
  readonly models?: readonly string[];
  readonly clients: number;
  readonly seconds: number;
  /** New tokens of the texts, in turns. */
  readonly lengths: readonly number[];
  /** Milliseconds a client waits after an answer before it asks again. */
  readonly pause?: number;
  /** Texts a second that all clients together ask for at most. Default: as many as they get. */
  readonly rate?: number;
  /** Default: 0, which is off. */
  readonly topP?: number;
}

/** Clients that each ask for one text after the other until the time is up. */
export async function run({
  url,
  model,
  models = [model],
  clients,
  seconds,
  lengths,
  pause = 0,
  rate,
  topP = 0,
}: Load): Promise<{
  readonly answers: readonly Answer[];
  readonly seconds: number;
}> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const answers: Answer[] = [];
  const started = performance.now();
  const until = started + 1000 * seconds;
  let next = 0;
  const interval = rate === undefined ? 0 : (1000 * clients) / rate;
  const client = async (_: undefined, index: number): Promise<void> => {
    // Clients that ask at a rate begin one after the other.
    let due = started + (interval * index) / clients;
    if (interval > 0) await new Promise((resolve) => setTimeout(resolve, due - started));
    while (performance.now() < until) {
      const length = lengths[next++ % lengths.length]!;
      const asked = { model: models[index % models.length]!, length, topP };
      const answer = await askForText(url, agent, asked);
      answers.push(answer);
      due += interval;
      // Who was refused, and who has no hurry, does not ask at once again.
      const wait = Math.max(
        pause,
        answer.status === 200 ? 0 : 100,
        interval > 0 ? due - performance.now() : 0,
      );
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    }
  };
  await Promise.all(Array.from({ length: clients }, () => undefined).map(client));
  agent.destroy();
  return { answers, seconds: (performance.now() - started) / 1000 };
}

/** A quantile by the nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The figures of a table's row. */
export function summary({ answers, seconds }: { answers: readonly Answer[]; seconds: number }) {
  const done = answers.filter(({ status }) => status === 200);
  const firsts = done.flatMap(({ first }) => first ?? []);
  const wholes = done.map(({ whole }) => whole);
  return {
    texts: done.length,
    textsPerSecond: done.length / seconds,
    first50: quantile(firsts, 0.5),
    first99: quantile(firsts, 0.99),
    whole50: quantile(wholes, 0.5),
    whole99: quantile(wholes, 0.99),
    refused: answers.filter(({ status }) => status === 429).length,
    failed: answers.filter(({ status }) => status !== 200 && status !== 429).length,
  };
}
