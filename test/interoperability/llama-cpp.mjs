/**
 * What llama.cpp makes of a GGUF file, through node-llama-cpp; a process of its own, as it loads a native library.
 *
 *     node llama-cpp.mjs <folder with node_modules/node-llama-cpp> <model.gguf> < request.json
 *
 * The request has `texts` to tokenize, special tokens as text, `prompts` of token ids, and `length`, the tokens that are
 * generated greedily after each. Prints `ids` and `continuations` as JSON, and the tokens that llama.cpp says begin and end texts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [home, modelPath] = process.argv.slice(2);
const { texts, prompts, length } = JSON.parse(readFileSync(0, 'utf8'));
const entry = join(home, 'node_modules/node-llama-cpp/dist/index.js');
const { getLlama } = await import(pathToFileURL(entry).href);
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: 'error' });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: Math.min(256, model.trainContextSize), threads: 1 });
const sequence = context.getSequence();
const continuations = [];
for (const prompt of prompts) {
  const tokens = [];
  const options = { temperature: 0, yieldEogToken: true };
  if (length > 0) {
    for await (const token of sequence.evaluate(prompt, options)) if (tokens.push(token) === length) break;
  }
  continuations.push(tokens);
  await sequence.clearHistory();
}
const { bos, eos, shouldPrependBosToken } = model.tokens;
const result = {
  ids: texts.map((text) => model.tokenize(text)),
  continuations,
  bos,
  eos,
  shouldPrependBosToken,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
