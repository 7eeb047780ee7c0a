// Removes from node_modules what the server never loads: what other commands are for, and other platforms' binaries.
// Usage: node trim-modules.mjs <node_modules> <platform> <architecture>, named as Node names them.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [folder, platform, architecture] = process.argv.slice(2);
const remove = (...parts) => rmSync(join(folder, ...parts), { recursive: true, force: true });

for (const name of ['@duckdb', '@google-cloud', 'onnxruntime-web']) remove(name);
const binaries = ['onnxruntime-node', 'bin'];
for (const version of readdirSync(join(folder, ...binaries))) {
  for (const system of readdirSync(join(folder, ...binaries, version))) {
    for (const kind of readdirSync(join(folder, ...binaries, version, system))) {
      if (system !== platform || kind !== architecture) remove(...binaries, version, system, kind);
    }
  }
}
