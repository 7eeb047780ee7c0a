import { generateFrom } from '../../browser/generate-texts.js';
import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { communityCandidates } from '../../model/weights/communities.js';
import { drawsDiffer } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';
import type { ShownText, WrittenTexts } from '../worker-messages.js';
import { openDevice } from './device.js';
import { openBase, openCommunities, readFingerprints } from './loading.js';
import { shownBaseText } from './shown-texts.js';
import type { Loading } from './site-assets.js';

interface BaseTexts {
  /** Whose titles they are to be like; undefined: no community's in particular. */
  readonly community: string | undefined;
  readonly loading: Loading;
  readonly context: WorkContext;
  readonly onText: (text: ShownText) => void;
}

/** Seeds that are drawn where a person gives none. */
const seeds = 2 ** 31;

/**
 * Texts of the base model as it came, or as it writes for a community; each is told whether it stands among the titles that
 * the model was trained on.
 * @throws TitlesmithError when an option is wrong; InterruptedError where it was stopped before there was one.
 */
export async function writeBaseTexts(
  options: Partial<RunOptions>,
  { community, loading, context, onText }: BaseTexts,
): Promise<Pick<WrittenTexts, 'texts' | 'isStopped'>> {
  const { engine } = await openDevice(loading);
  const base = await openBase(loading);
  const texts: ShownText[] = [];
  let isStopped = false;
  const bestOf =
    community !== undefined && drawsDiffer({ ...defaultOptions(), ...options }) ? communityCandidates : 1;
  const asked = { seed: Math.floor(Math.random() * seeds), bestOf, ...options };
  try {
    const model =
      community === undefined ? base : (await openCommunities(loading, base)).modelFor(base, community);
    const known = decodeBaseTitles(await readFingerprints(loading));
    for await (const { text } of generateFrom({ engine, model }, asked, context)) {
      const shown = shownBaseText(text, known.has(text));
      texts.push(shown);
      onText(shown);
    }
  } catch (error) {
    if (!(error instanceof InterruptedError) || texts.length === 0) throw error;
    isStopped = true;
  } finally {
    await base.weights.close();
  }
  return { texts, isStopped };
}
