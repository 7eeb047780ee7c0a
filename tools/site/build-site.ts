import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource } from '../../src/io/byte-source.js';
import { packageRoot } from '../../src/io/package-root.js';
import { runtimeFiles } from '../../src/model/engine/onnxruntime-web/runtime.js';
import { readConfiguration } from '../../src/model/weights/checkpoint.js';
import { Communities, communitiesFile } from '../../src/model/weights/communities.js';
import { type CachedFiles, type SiteFile, sitePolicy } from '../../src/site/site-files.js';
import { sitePage } from '../../src/site/site-page.js';
import { exampleTitles } from './example-titles.js';
import { siteBundles } from './site-bundles.js';
import { hashOf, packed, packedEnding, SiteFolder, sourceHash, type WrittenFile } from './site-folder.js';

type Device = keyof typeof runtimeFiles;
const devices = Object.keys(runtimeFiles) as Device[];

const runtimeFolder = join(packageRoot, 'node_modules/onnxruntime-web/dist');

/** Files of a base model that are loaded together; the last may be missing. */
const baseFiles = [
  'config.json',
  'model.safetensors',
  'vocab.json',
  'merges.txt',
  'fingerprints.bin',
  'condition.json',
];

interface SiteOptions {
  /** The folder to write, anew. */
  readonly to: string;
  /** The folder of the base model. */
  readonly base: string;
}

/** A site as it was built. */
export interface BuiltSite {
  readonly files: readonly WrittenFile[];
  /** What is loaded before a person trains or generates, the example among it. */
  readonly first: readonly WrittenFile[];
  /** Whatever one browser ever loads, by the device that it computes on. */
  readonly byDevice: ReadonlyMap<Device, readonly WrittenFile[]>;
}

/** Builds the site into a folder of plain files. The same sources give the same bytes. */
export async function buildSite({ to, base }: SiteOptions): Promise<BuiltSite> {
  const folder = new SiteFolder(to);
  const files: Record<string, SiteFile> = {};
  const add = (name: string, content: Uint8Array): void => {
    files[name] = { path: folder.writeHashed(name, content), bytes: content.length, packed: false };
  };
  const addPacked = (name: string, content: Uint8Array): void => {
    const path = folder.writeHashed(`${name}${packedEnding}`, packed(content));
    files[name] = { path, bytes: content.length, packed: true };
  };
  const [styles, script] = [await siteBundles.reportStyles(), await siteBundles.reportScript()];
  add('report.css', styles);
  add('report.js', script);
  // Read as a packed file is that a person chooses.
  const example = packed(exampleTitles());
  files['example'] = {
    path: folder.writeHashed(`example${packedEnding}`, example),
    bytes: example.length,
    packed: false,
  };
  for (const name of baseFiles)
    if (existsSync(join(base, name))) addPacked(`base/${name}`, readFileSync(join(base, name)));
  const communities = readFileSync(join(base, communitiesFile));
  addPacked(communitiesFile, communities);
  Object.assign(files, addRuntimes(folder));

  const worker = await siteBundles.worker(files);
  for (const [name, content] of worker.parts) folder.write(name, content);
  const pageScript = folder.writeHashed('page.js', await siteBundles.page(worker.entry));
  const pageStyles = folder.writeHashed('page.css', await siteBundles.styles());
  const policy = sitePolicy({ script: sourceHash(script), styles: sourceHash(styles) });
  const needed = folder.written.filter(({ path }) => path !== files[communitiesFile]!.path);
  const largest = Math.max(...devices.map((device) => total(loadedBy(device, needed), 'gzip')));
  const transfer = `${Math.round(largest / 1e6)} MB`;
  const { names } = await Communities.open(memorySource(join(base, communitiesFile), communities), {
    configuration: await readConfiguration(base),
  });
  const facts = { transfer, communities: names };
  folder.write('index.html', sitePage({ styles: pageStyles, script: pageScript, policy, ...facts }));

  const shell = [
    'index.html',
    pageScript,
    pageStyles,
    ...worker.first,
    files['report.css']!.path,
    files['report.js']!.path,
  ];
  const others = folder.written.map(({ path }) => path).filter((path) => !shell.includes(path));
  const cached: Omit<CachedFiles, 'version'> = { shell, others, policy };
  const version = hashOf(`${JSON.stringify(cached)}${transfer}`);
  folder.write('service-worker.js', await siteBundles.serviceWorker({ version, ...cached }));
  // So that GitHub Pages takes the files as they are.
  folder.write('.nojekyll', '');
  const first = [...shell, 'service-worker.js', files['example']!.path];
  return {
    files: folder.written,
    first: folder.written.filter(({ path }) => first.includes(path)),
    byDevice: new Map(devices.map((device) => [device, loadedBy(device, folder.written)])),
  };
}

/** All files keep their names, in a folder whose name holds a hash: ONNX Runtime is told the folder. */
function addRuntimes(folder: SiteFolder): Record<string, SiteFile> {
  const names = devices.flatMap((device) => [...runtimeFiles[device]]);
  const contents = names.map((name) => readFileSync(join(runtimeFolder, name)));
  const below = `runtime-${hashOf(...contents)}`;
  return Object.fromEntries(
    names.map((name, index): [string, SiteFile] => {
      const content = contents[index]!;
      const isPacked = name.endsWith('.wasm');
      const path = `${below}/${name}${isPacked ? packedEnding : ''}`;
      folder.write(path, isPacked ? packed(content) : content);
      return [`runtime/${name}`, { path, bytes: content.length, packed: isPacked }];
    }),
  );
}

function loadedBy(device: Device, files: readonly WrittenFile[]): WrittenFile[] {
  const others = devices.filter((other) => other !== device).flatMap((other) => [...runtimeFiles[other]]);
  return files.filter(({ path }) => !others.some((name) => path.includes(`/${name}`)));
}

/** Bytes of files, on disk or as a host transfers them. */
export function total(files: readonly WrittenFile[], measure: 'bytes' | 'gzip' | 'brotli'): number {
  return files.reduce((sum, file) => sum + file[measure], 0);
}
