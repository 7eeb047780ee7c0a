import type { StartingModel } from '../../browser/train-on-titles.js';
import { sourcesFolder } from '../../io/byte-folder.js';
import { memorySource } from '../../io/byte-source.js';
import { baseName } from '../../model/weights/base-model.js';
import { Communities, communitiesFile } from '../../model/weights/communities.js';
import { openModelIn } from '../../model/weights/folder-model.js';
import { once } from './once.js';
import { type Loading, loadFiles, namesBelow } from './site-assets.js';

const fingerprintsName = 'base/fingerprints.bin';

/** All files of the base model, its fingerprints too, so that whoever has them can go on without a network. */
const baseFiles = once((loading: Loading) => loadFiles(namesBelow(baseName), loading));

/** The model that ships with titlesmith; the caller closes its weights. */
export async function openBase(loading: Loading): Promise<StartingModel> {
  const files = await baseFiles(loading);
  const sources = [...files].map(([path, bytes]) => {
    const name = path.slice(baseName.length + 1);
    return [name, memorySource(name, bytes)] as const;
  });
  return { name: baseName, ...(await openModelIn(sourcesFolder(baseName, new Map(sources)))) };
}

/** The fingerprints of what the base model was trained on. */
export async function readFingerprints(loading: Loading): Promise<Uint8Array> {
  return (await baseFiles(loading)).get(fingerprintsName)!;
}

/** Loaded only when a community is asked for. */
const communitiesBytes = once((loading: Loading) => loadFiles([communitiesFile], loading));

/** What the base model knows of communities by name. @param base as it was opened. */
export async function openCommunities(loading: Loading, base: StartingModel): Promise<Communities> {
  const bytes = (await communitiesBytes(loading)).get(communitiesFile)!;
  return Communities.open(memorySource(communitiesFile, bytes), { configuration: base.configuration });
}
