import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, table } from '../shared/figures.js';
import { titleLengths } from './lengths.js';
import { run, summary } from './load.js';
import { servedModel } from './served-model.js';
import { startServer } from './server-process.js';

/**
 * Memory of the server under steady load: a row each part of the time. Flat is what it should be. The load is a share of the
 * texts a second that as many clients get who never wait, which is measured first.
 *
 *     npm run bench -- serve/soak --minutes 30 --load 0.8
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'nano' },
    minutes: { type: 'string', default: '30' },
    parts: { type: 'string', default: '10' },
    clients: { type: 'string', default: '8' },
    load: { type: 'string', default: '0.8' },
    'most-seconds': { type: 'string', default: '20' },
    'top-p': { type: 'string', default: '0.9' },
  },
});
const [minutes, parts] = [Number(values.minutes), Number(values.parts)];
const cli = join(dirname(fileURLToPath(import.meta.url)), '../../src/cli.js');
const flags = [
  '--name',
  'soak',
  '--port',
  '0',
  '--host',
  '127.0.0.1',
  '--log',
  'off',
  '--json',
  '--device',
  'cpu',
];
const server = await startServer(process.execPath, [cli, 'serve', await servedModel(values.model), ...flags]);
const rows: (string | number)[][] = [];
const clients = Number(values.clients);
const load = {
  url: server.url,
  model: 'soak',
  lengths: titleLengths(997),
  clients,
  topP: Number(values['top-p']),
};
let most = 0;
try {
  const seconds = Number(values['most-seconds']);
  await run({ ...load, seconds: Math.min(3, seconds) });
  most = summary(await run({ ...load, seconds })).textsPerSecond;
  for (let part = 1; part <= parts; part++) {
    const seconds = (60 * minutes) / parts;
    const measured = summary(await run({ ...load, rate: Number(values.load) * most, seconds }));
    const { texts, textsPerSecond, whole99, refused, failed } = measured;
    const row = [((part * minutes) / parts).toFixed(1), texts, textsPerSecond.toFixed(1), whole99.toFixed(0)];
    rows.push([...row, refused, failed, (server.memory() ?? Number.NaN).toFixed(1)]);
    process.stderr.write(`${rows.at(-1)!.join(' ')}\n`);
  }
} finally {
  await server.stop();
}
process.stdout.write(
  `${values.model}, ${clients} clients, ${values.load} of ${most.toFixed(1)} texts/s, top-p ${values['top-p']}; ${machine()}\n\n`,
);
process.stdout.write(table(['minutes', 'texts', 'texts/s', 'p99 ms', '429', 'failed', 'resident MB'], rows));
