import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createRandom } from '../../src/common/random.js';
import { elementCount } from '../../src/model/graph/shape.js';
import { parameterSpecifications } from '../../src/model/transformer/parameters.js';
import { baseFolder } from '../../src/model/weights/base-folder.js';
import { baseConfiguration } from '../../src/model/weights/base-model.js';
import { writeWeights } from '../../src/model/weights/checkpoint.js';
import { communitiesFile } from '../../src/model/weights/communities.js';
import { type BuiltSite, buildSite } from '../../tools/site/build-site.js';
import { communitiesBytes } from '../model/weights/communities-file.js';

/** A model of the base's form and tokenizer that computes in no time, and was never trained. */
const tiny = { ...baseConfiguration, width: 32, layers: 1, heads: 2 };

async function writeTinyBase(folder: string): Promise<void> {
  const described = JSON.parse(readFileSync(join(baseFolder, 'config.json'), 'utf8')) as object;
  const sizes = { n_embd: tiny.width, n_layer: tiny.layers, n_head: tiny.heads };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...described, ...sizes }));
  for (const name of ['vocab.json', 'merges.txt', 'fingerprints.bin'])
    copyFileSync(join(baseFolder, name), join(folder, name));
  const row = Array.from({ length: tiny.width }, (_, index) => (index % 2 === 0 ? 40 : -40));
  writeFileSync(
    join(folder, communitiesFile),
    communitiesBytes({
      names: ['gamedev', 'gaming'],
      vectors: [
        { scale: 1, row },
        { scale: 0, row },
      ],
    }),
  );
  const specifications = new Map(parameterSpecifications(tiny).map((each) => [each.name, each]));
  await writeWeights(folder, tiny, (name) => {
    const { shape, initial } = specifications.get(name)!;
    const random = createRandom(1, name);
    return Float32Array.from({ length: elementCount(shape) }, () =>
      'value' in initial ? initial.value : initial.standardDeviation * random.normal(),
    );
  });
}

/** The site as it is built, but for the weights of its base model. Removed after the tests of the file. */
export async function buildTinySite(): Promise<BuiltSite & { readonly folder: string }> {
  const parent = mkdtempSync(join(tmpdir(), 'titlesmith-site-'));
  afterAll(() => rmSync(parent, { recursive: true, force: true }));
  const base = mkdtempSync(join(parent, 'base-'));
  await writeTinyBase(base);
  const folder = join(parent, 'site');
  return { ...(await buildSite({ to: folder, base })), folder };
}
