import type { Import } from '../../tools/structure/imports.js';

/** Rooms, or files, from the top down. Those of one level do not know each other. */
type Levels = readonly (readonly string[])[];

const rooms: Levels = [
  ['src/index.ts', 'src/cli.ts', 'src/browser.ts'],
  ['src/cli', 'src/site'],
  ['src/batch'],
  ['src/archive'],
  ['src/pipeline', 'src/browser'],
  ['src/run'],
  ['src/serve', 'src/review'],
  ['src/model', 'src/data', 'src/dedupe', 'src/report'],
  ['src/options'],
  ['src/web', 'src/io'],
  ['src/common'],
];

/** The order inside a room. `*` stands for all that the room holds beside what is named. */
const innerLevels: Readonly<Record<string, Levels>> = {
  'src/cli': [['src/cli/main.ts'], ['src/cli/commands'], ['*']],
  'src/pipeline': [['*'], ['src/pipeline/stages'], ['src/pipeline/decide'], ['src/pipeline/run']],
  'src/serve': [
    ['src/serve/server.ts'],
    ['src/serve/http', 'src/serve/client'],
    ['src/serve/inference', 'src/serve/page'],
    ['*'],
  ],
  'src/model': [
    ['src/model/training', 'src/model/generation', 'src/model/scoring', 'src/model/embedding'],
    ['src/model/weights'],
    ['src/model/transformer'],
    ['src/model/engine'],
    ['src/model/graph', 'src/model/tokenizer'],
  ],
  'src/data': [['*'], ['src/data/sources'], ['src/data/cleaning']],
  'src/site': [['src/site/client', 'src/site/worker'], ['*']],
  'src/web': [['src/web/server', 'src/web/client'], ['*']],
  'src/report': [
    ['src/report/report-page.ts', 'src/report/comparison/comparison-page.ts', 'src/report/pictures'],
    ['src/report/sections'],
    ['src/report/charts'],
    ['*'],
  ],
};

/** Code of pages: esbuild bundles it, the rest of src is built without it. */
function isClientCode(file: string): boolean {
  return /^src\/(?:\w+\/client|site\/worker)\//.test(file);
}

function isIn(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

function placeOf(file: string, levels: Levels): { level: number; name: string } | undefined {
  for (const [level, names] of levels.entries()) {
    const name = names.find((candidate) => isIn(file, candidate));
    if (name !== undefined) return { level, name };
  }
  const rest = levels.findIndex((names) => names.includes('*'));
  return rest < 0 ? undefined : { level: rest, name: '*' };
}

function faultBetween(file: string, target: string, levels: Levels, where: string): string | undefined {
  const from = placeOf(file, levels);
  const to = placeOf(target, levels);
  if (!from || !to) return undefined;
  if (to.level < from.level) return `${file} imports ${target}: upwards${where}`;
  if (to.level === from.level && to.name !== from.name) return `${file} imports ${target}: sideways${where}`;
  return undefined;
}

/** Why an import inside the project is against the rules; undefined where it is not. */
export function directionFault({ file, target, outside }: Import): string | undefined {
  if (outside) return undefined;
  if (!placeOf(file, rooms)) return `${file} is in no room`;
  if (!placeOf(target, rooms)) return `${file} imports ${target}, which is in no room of src`;
  if (isClientCode(target) && !isClientCode(file)) return `${file} imports ${target}: code of pages`;
  const fault = faultBetween(file, target, rooms, '');
  if (fault !== undefined) return fault;
  for (const [room, levels] of Object.entries(innerLevels)) {
    if (!isIn(file, room) || !isIn(target, room)) continue;
    for (const path of [file, target]) {
      if (!placeOf(path, levels)) return `${path} has no place inside ${room}`;
    }
    return faultBetween(file, target, levels, ` inside ${room}`);
  }
  return undefined;
}

/** What runs in a browser too: no module of Node's, and no file that is not portable itself. */
const portable = [
  'src/browser.ts',
  'src/site',
  'src/browser',
  'src/run',
  'src/common',
  'src/options',
  'src/web',
  'src/model/graph',
  'src/model/engine/device-check.ts',
  'src/model/engine/engine.ts',
  'src/model/engine/float-formats.ts',
  'src/model/engine/float16.ts',
  'src/model/engine/onnx',
  'src/model/engine/onnxruntime-web',
  'src/model/engine/out-of-memory.ts',
  'src/model/transformer',
  'src/model/tokenizer',
  'src/model/training',
  'src/model/generation',
  'src/model/scoring',
  'src/model/weights/adapter-bytes.ts',
  'src/model/weights/base-model.ts',
  'src/model/weights/checkpoint-files.ts',
  'src/model/weights/communities.ts',
  'src/model/weights/folder-model.ts',
  'src/model/weights/folder-tokenizer.ts',
  'src/model/weights/generation-session.ts',
  'src/model/weights/model-files.ts',
  'src/model/weights/open-model.ts',
  'src/model/weights/published-models.ts',
  'src/model/weights/safetensors-bytes.ts',
  'src/model/weights/safetensors-file.ts',
  'src/model/weights/safetensors-header.ts',
  'src/model/weights/stored-tensors.ts',
  'src/model/weights/tensor-files.ts',
  'src/data/cleaning',
  'src/data/conditioning.ts',
  'src/data/cleaned-lists.ts',
  'src/data/dataset-lines.ts',
  'src/data/title-records.ts',
  'src/data/title-split.ts',
  'src/io/byte-folder.ts',
  'src/io/byte-source.ts',
  'src/io/csv.ts',
  'src/io/lines.ts',
  'src/io/file-kinds.ts',
  'src/io/text-check.ts',
  'src/io/text-encoding.ts',
  'src/dedupe',
  'src/report',
  'src/serve/page',
  'src/serve/client',
  'src/review/client',
];

/** Files that are bytes in, bytes out, and what a page and its server say to each other. */
const portableFiles = [
  'src/data/sources/csv-layout.ts',
  'src/data/sources/decided-layout.ts',
  'src/data/sources/file-reading.ts',
  'src/data/sources/json-titles.ts',
  'src/data/sources/missing-subreddits.ts',
  'src/data/sources/ndjson/post.ts',
  'src/data/sources/ndjson/top-posts.ts',
  'src/data/sources/post-values.ts',
  'src/data/sources/title-files-source.ts',
  'src/data/sources/title-files.ts',
  'src/data/sources/title-source.ts',
  'src/io/compression/compression-kind.ts',
  'src/io/compression/decompressed-stream.ts',
  'src/io/compression/gunzip-stream.ts',
  'src/io/compression/fzstd-stream.ts',
  'src/io/compression/web-streams.ts',
  'src/io/crc32c.ts',
  'src/io/protobuf.ts',
  'src/io/tar.ts',
  'src/review/review-keys.ts',
  'src/review/review-messages.ts',
];

/** What runs on Node alone, in a place that is portable else. */
const serverParts = ['src/web/server'];

function isPortable(file: string): boolean {
  if (serverParts.some((place) => isIn(file, place))) return false;
  return [...portable, ...portableFiles].some((place) => isIn(file, place));
}

/** Why an import keeps a file from running in a browser that must; undefined where it does not. */
export function portabilityFault({ file, target, outside }: Import): string | undefined {
  if (!isPortable(file)) return undefined;
  if (target.startsWith('node:')) return `${file} imports ${target}: it must run in a browser`;
  if (!outside && !isPortable(target)) return `${file} imports ${target}, which a browser cannot run`;
  return undefined;
}

/** Names that Node defines everywhere, and a browser nowhere. A guarded `typeof` of one is no use of it. */
const nodeGlobals = /(?<!typeof )(?<![.\w'"`])(Buffer|process|NodeJS|__dirname|__filename)\b(?=[.([ ]|$)/gm;

/** The globals of Node's that a portable file names; empty where it is not portable. @param code without comments. */
export function globalsOfNode(file: string, code: string): string[] {
  if (!isPortable(file)) return [];
  return [...new Set([...code.matchAll(nodeGlobals)].map(([, name]) => `${file} names ${name}`))];
}

/** Circles of imports, each as the files along it. */
export function findCircles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { file, target, outside } of imports) {
    if (!outside) targets.set(file, [...(targets.get(file) ?? []), target]);
  }
  const finished = new Set<string>();
  const circles: string[][] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) circles.push([...trail.slice(start), file]);
    if (start >= 0 || finished.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...trail, file]);
    finished.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return circles;
}

/**
 * Outside packages that more than one room imports. A package has one door: a file, or one folder where every
 * importer lies (a room itself, such as src/model, is too wide to be a door).
 */
export function findSecondDoors(imports: readonly Import[]): string[] {
  const importers = new Map<string, Set<string>>();
  for (const { file, target, outside } of imports) {
    if (outside && !target.startsWith('node:'))
      importers.set(target, (importers.get(target) ?? new Set()).add(file));
  }
  const tooWide = new Set(['src', ...rooms.flat()]);
  return [...importers].flatMap(([name, files]) => {
    if (files.size === 1) return [];
    const folders = new Set([...files].map((file) => file.slice(0, file.lastIndexOf('/'))));
    const [folder] = folders;
    if (folders.size === 1 && folder !== undefined && !tooWide.has(folder)) return [];
    return [`${name} is imported by ${[...files].sort().join(', ')}`];
  });
}
