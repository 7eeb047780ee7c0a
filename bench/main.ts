/** Runs one bench by name: `npm run bench -- finetune/compare --model 124M`. The rest of argv is the bench's own. */
const [name] = process.argv.splice(2, 1);
if (name === undefined || !/^[a-z]+\/[a-z-]+$/.test(name)) {
  process.stderr.write(
    'Usage: npm run bench -- <folder>/<name> [options], for example finetune/compare --model 124M\n',
  );
  process.exitCode = 2;
} else {
  await import(new URL(`./${name}.js`, import.meta.url).href);
}
