// Removes from node_modules other platforms' binaries, and packages that are never loaded.
// Usage: node trim-modules.mjs <node_modules> <platform> <architecture> [packages], platforms named as Node names them.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [folder, platform, architecture, ...packages] = process.argv.slice(2);
const remove = (...parts) => rmSync(join(folder, ...parts), { recursive: true, force: true });

for (const name of packages) remove(name);
const binaries = ['onnxruntime-node', 'bin'];
for (const version of readdirSync(join(folder, ...binaries))) {
  for (const system of readdirSync(join(folder, ...binaries, version))) {
    for (const kind of readdirSync(join(folder, ...binaries, version, system))) {
      if (system !== platform || kind !== architecture) remove(...binaries, version, system, kind);
    }
  }
}
