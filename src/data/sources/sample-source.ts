import { join } from 'node:path';
import { packageRoot } from '../../io/package-root.js';
import { dumpSource } from './dumps.js';
import type { TitleSource } from './title-source.js';

/**
 * The bundled posts, in the shape of a dump. Made up by a generator, so that everything works without an
 * account.
 */
export const samplePath: string = join(packageRoot, 'data', 'sample-posts.ndjson.gz');

/** The sample as a source: read as any dump is. */
export function openSampleSource(): TitleSource {
  return dumpSource([samplePath], {
    name: 'sample',
    description: 'the bundled sample: made-up posts, not from Reddit',
  });
}
