import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * A small HTTP server on node-llama-cpp, which batches its sequences: `POST /v1/completions` with `max_tokens`, streamed as
 * llama.cpp's own server does. Requests beyond the sequences wait. Prints its address as JSON when it listens.
 *
 *     node llama-server.js <folder with node_modules/node-llama-cpp> <model.gguf> <sequences> <threads>
 */
const [home = '', modelPath = '', sequences = '32', threads = '2'] = process.argv.slice(2);

/** What is used of node-llama-cpp, which is no dependency of this project. */
interface Sequence {
  evaluate(tokens: number[], options: Record<string, unknown>): AsyncGenerator<number>;
  clearHistory(): Promise<void>;
}
interface Model {
  detokenize(tokens: number[]): string;
  createContext(options: Record<string, unknown>): Promise<{ getSequence(): Sequence }>;
}
interface LlamaModule {
  getLlama(options: Record<string, unknown>): Promise<{
    loadModel(options: { modelPath: string }): Promise<Model>;
  }>;
}

const installed = join(home, 'node_modules/node-llama-cpp');
const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string };
const { getLlama } = (await import(pathToFileURL(join(installed, 'dist/index.js')).href)) as LlamaModule;
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: Number(threads) });
const model = await llama.loadModel({ modelPath });
const count = Number(sequences);
const context = await model.createContext({
  sequences: count,
  contextSize: 128,
  batchSize: Math.max(count, 128),
  threads: Number(threads),
});
const free = Array.from({ length: count }, () => context.getSequence());
const waiting: ((sequence: Sequence) => void)[] = [];
const endToken = 50_256;

async function take(): Promise<Sequence> {
  const sequence = free.pop();
  if (sequence) return sequence;
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

function giveBack(sequence: Sequence): void {
  const next = waiting.shift();
  if (next) next(sequence);
  else free.push(sequence);
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { max_tokens, top_p = 1 } = JSON.parse(Buffer.concat(chunks).toString()) as {
      max_tokens: number;
      top_p?: number;
    };
    const sequence = await take();
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const options = { temperature: 0.7, topK: 50, topP: top_p, minP: 0, yieldEogToken: true };
    let generated = 0;
    for await (const token of sequence.evaluate([endToken], options)) {
      response.write(
        `data: ${JSON.stringify({ choices: [{ index: 0, text: model.detokenize([token]) }] })}\n\n`,
      );
      if (++generated === max_tokens) break;
    }
    response.end('data: [DONE]\n\n');
    await sequence.clearHistory();
    giveBack(sequence);
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ version, url: `http://127.0.0.1:${port}/` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
