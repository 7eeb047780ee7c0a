// Makes packages that titlesmith does not install by itself ones that `npm prune --omit=dev` keeps, in the version that the
// checkout has. Usage: node keep-packages.mjs <names>, beside package.json.
import { readFileSync, writeFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
for (const name of process.argv.slice(2)) {
  const version = manifest.devDependencies[name];
  if (version === undefined) throw new Error(`${name} is not among devDependencies`);
  manifest.dependencies[name] = version;
  delete manifest.devDependencies[name];
}
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
