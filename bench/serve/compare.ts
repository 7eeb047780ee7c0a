import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/io/package-root.js';
import { machine, table } from '../shared/figures.js';
import { titleLengths } from './lengths.js';
import { type Load, run, summary } from './load.js';
import { servedModel } from './served-model.js';
import { type ServerProcess, startServer } from './server-process.js';

/**
 * Clients that each ask for one streamed text after the other, over loopback: texts a second, time to the first token and
 * to the end, errors. With --llama and --gguf the same of node-llama-cpp behind a small server (bench/peers/llama-server.ts), with
 * --vllm, a Python that has vLLM for processors, the same of its server in float32 and bfloat16.
 * Lengths follow those of real titles. With --overload, ten times as many clients as slots, with the queue as it is by
 * default, beside as many clients as slots.
 *
 *     npm run bench -- serve/compare --model 124M --top-p 0.9 --llama FOLDER --gguf model.gguf --vllm PYTHON
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'nano' },
    clients: { type: 'string', default: '1,8,32,128' },
    seconds: { type: 'string', default: '10' },
    slots: { type: 'string', default: '32' },
    threads: { type: 'string', default: '2' },
    precision: { type: 'string', default: 'float32' },
    'top-p': { type: 'string', default: '0' },
    llama: { type: 'string' },
    vllm: { type: 'string' },
    gguf: { type: 'string', multiple: true, default: [] },
    overload: { type: 'boolean', default: false },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const lengths = titleLengths(997);
const rows: (string | number)[][] = [];

async function measure(name: string, server: ServerProcess, load: Partial<Load>): Promise<number> {
  const all = {
    url: server.url,
    model: 'bench',
    lengths,
    topP: Number(values['top-p']),
    clients: 1,
    seconds: Number(values.seconds),
    ...load,
  };
  await run({ ...all, seconds: 1.5 });
  const measured = summary(await run(all));
  const times = [measured.first50, measured.first99, measured.whole50, measured.whole99];
  const memory = (server.memory() ?? Number.NaN).toFixed(0);
  const { texts, textsPerSecond, refused, failed, whole99 } = measured;
  rows.push([
    name,
    all.clients,
    texts,
    textsPerSecond.toFixed(1),
    ...times.map((ms) => ms.toFixed(0)),
    refused,
    failed,
    memory,
  ]);
  process.stderr.write(`${rows.at(-1)!.join(' | ')}\n`);
  return values.overload ? whole99 : textsPerSecond;
}

async function ours(queue: readonly string[]): Promise<ServerProcess> {
  const { slots, threads, precision } = values;
  const settings = {
    slots,
    threads,
    precision,
    name: 'bench',
    port: '0',
    host: '127.0.0.1',
    log: 'off',
    device: 'cpu',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const cli = join(here, '../../src/cli.js');
  return startServer(process.execPath, [
    cli,
    'serve',
    await servedModel(values.model),
    ...flags,
    ...queue,
    '--json',
  ]);
}

const counts = values.clients.split(',').map(Number);
const name = `titlesmith ${values.precision}`;
const slots = Number(values.slots);
if (values.overload) {
  const server = await ours([]);
  try {
    const calm = await measure(name, server, { clients: slots });
    const flooded = await measure(`${name}, overload`, server, { clients: 10 * slots });
    process.stderr.write(`p99 to the end: ${(flooded / calm).toFixed(2)} times that of ${slots} clients\n`);
  } finally {
    await server.stop();
  }
} else {
  const rates = new Map<number, number>();
  const server = await ours(['--queue', String(Math.max(...counts))]);
  try {
    for (const clients of counts) rates.set(clients, await measure(name, server, { clients }));
  } finally {
    await server.stop();
  }
  const against = async (peerName: string, start: () => Promise<ServerProcess>): Promise<void> => {
    const peer = await start();
    try {
      for (const clients of counts) {
        const rate = await measure(peerName, peer, { clients });
        process.stderr.write(
          `${clients} clients: ${(rates.get(clients)! / rate).toFixed(2)} times its texts/s\n`,
        );
      }
    } finally {
      await peer.stop();
    }
  };
  for (const gguf of values.llama === undefined ? [] : values.gguf) {
    const program = [
      join(here, '../peers/llama-server.js'),
      values.llama!,
      gguf,
      values.slots,
      values.threads,
    ];
    await against(`node-llama-cpp ${/(\w+)\.gguf$/.exec(gguf)?.[1]}`, () =>
      startServer(process.execPath, program),
    );
  }
  for (const type of values.vllm === undefined ? [] : ['float32', 'bfloat16']) {
    const script = join(packageRoot, 'bench/peers/vllm_server.py');
    const program = [script, await servedModel(values.model), type, values.slots, values.threads];
    await against(`vLLM ${type}`, () => startServer(values.vllm!, program));
  }
}
const times = ['first p50 ms', 'first p99 ms', 'end p50 ms', 'end p99 ms'];
process.stdout.write(
  `${values.model}, ${values.slots} slots, ${values.seconds} s each, top-p ${values['top-p']}; ${machine()}\n\n`,
);
process.stdout.write(
  table(['server', 'clients', 'texts', 'texts/s', ...times, '429', 'failed', 'resident MB'], rows),
);
