import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { silentContext } from '../../src/common/progress.js';
import type { Engine } from '../../src/model/engine/engine.js';
import { ContinuousBatch } from '../../src/model/generation/continuous-batch.js';
import { generationDefaults } from '../../src/model/generation/generation-options.js';
import { GenerationRequest } from '../../src/model/generation/generation-request.js';
import type { TokenScore } from '../../src/model/generation/token-scores.js';
import type { Communities } from '../../src/model/weights/communities.js';
import { openForGeneration, openModelFiles } from '../../src/model/weights/open-for-generation.js';
import { defaultOptions } from '../../src/options/option-values.js';

/** A text drawn for a community, one of the candidates of a title. */
export interface Draw {
  readonly community: string;
  readonly scale: number;
  readonly text: string;
  /** Its tokens, the end token included unless it was cut off, with what being of the community gains each. */
  readonly scores: readonly Pick<TokenScore, 'token' | 'gain' | 'logProbability'>[];
}

interface DrawPlan {
  readonly communities: Communities;
  readonly names: readonly string[];
  readonly scale: number;
  /** Texts of each community. */
  readonly count: number;
  readonly engine: Engine;
}

/**
 * Texts of each community as the base model writes them for it, by the command line's defaults, seed 1; those of one community after
 * those of another.
 * @param path keeps them, a line each: what it has already is not drawn again. Undefined keeps none.
 */
export async function drawTexts(
  { communities, names, scale, count, engine }: DrawPlan,
  path: string | undefined,
): Promise<readonly Draw[][]> {
  const kept = new Map<string, Draw[]>();
  for (const line of path !== undefined && existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    if (line === '') continue;
    const texts = JSON.parse(line) as Draw[];
    kept.set(`${texts[0]!.community} ${texts[0]!.scale}`, texts);
  }
  const all: Draw[][] = [];
  for (const name of names) {
    const known = kept.get(`${name} ${scale}`);
    if (known !== undefined && known.length >= count) {
      all.push(known.slice(0, count));
      continue;
    }
    const texts = await drawFor(communities, name, { scale, count, engine });
    all.push(texts);
    if (path !== undefined) appendFileSync(path, `${JSON.stringify(texts)}\n`);
  }
  return all;
}

async function drawFor(
  communities: Communities,
  community: string,
  { scale, count, engine }: Pick<DrawPlan, 'scale' | 'count' | 'engine'>,
): Promise<Draw[]> {
  const { precision, length, temperature } = defaultOptions();
  const files = communities.modelFor(await openModelFiles('base', silentContext), community, scale);
  try {
    const addedLogits = await files.addedLogits?.();
    const { session, tokenizer } = await openForGeneration(files, { engine, texts: count, precision });
    const options = { ...generationDefaults, length, temperature, addedLogits, nsamples: count, seed: 1 };
    const drawn: Draw[] = [];
    const listener = {
      onText: (
        { index, text }: { index: number; text: string },
        _: string,
        { scores }: { scores: readonly TokenScore[] },
      ) => {
        drawn[index] = { community, scale, text, scores: scores.map(({ top: _top, ...score }) => score) };
      },
      onEnd: (error?: unknown) => {
        if (error !== undefined) throw error;
      },
    };
    const batch = new ContinuousBatch(session);
    batch.add(new GenerationRequest(session, tokenizer, options, listener, { alternatives: 0 }));
    while (!batch.idle) await batch.step();
    await session.dispose();
    return drawn;
  } finally {
    await files.weights.close();
  }
}
