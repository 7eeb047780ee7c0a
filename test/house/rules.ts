import type { Import } from './imports.js';

/** Rooms from the top down. Inside a level, rooms do not know each other. */
const levels: readonly (readonly string[])[] = [
  ['src/index.ts', 'src/cli.ts'],
  ['src/cli'],
  ['src/pipeline'],
  ['src/serve', 'src/review'],
  ['src/model', 'src/dedupe', 'src/report'],
  ['src/common'],
];

/** Inside src/model, likewise. */
const modelLevels: readonly (readonly string[])[] = [
  ['src/model/training', 'src/model/generation'],
  ['src/model/gpt2', 'src/model/engine', 'src/model/tokenizer'],
  ['src/model/graph'],
];

function isIn(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

function roomOf(
  file: string,
  rooms: readonly (readonly string[])[],
): { level: number; room: string } | undefined {
  for (const [level, names] of rooms.entries()) {
    const room = names.find((name) => isIn(file, name));
    if (room !== undefined) return { level, room };
  }
  return undefined;
}

function isContract(file: string): boolean {
  return file.endsWith('/contract.ts');
}

/** Why an import inside the project is against the rules; undefined where it is not. */
export function directionFault({ file, target, outside }: Import): string | undefined {
  if (outside) return undefined;
  const [from, to] = [roomOf(file, levels), roomOf(target, levels)];
  if (!from) return `${file} is in no room`;
  if (!to) return `${file} imports ${target}, which is in no room of src`;
  if (to.level < from.level) return `${file} imports ${target}: upwards`;
  if (to.level === from.level && to.room !== from.room) return `${file} imports ${target}: sideways`;
  const [inner, innerTarget] = [roomOf(file, modelLevels), roomOf(target, modelLevels)];
  if (!inner || !innerTarget || isContract(target)) return undefined;
  if (innerTarget.level < inner.level) return `${file} imports ${target}: upwards inside src/model`;
  return undefined;
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
    if (outside) importers.set(target, (importers.get(target) ?? new Set()).add(file));
  }
  const tooWide = new Set(['src', ...levels.flat()]);
  return [...importers].flatMap(([name, files]) => {
    if (files.size === 1) return [];
    const folders = new Set([...files].map((file) => file.slice(0, file.lastIndexOf('/'))));
    const [folder] = folders;
    if (folders.size === 1 && folder !== undefined && !tooWide.has(folder)) return [];
    return [`${name} is imported by ${[...files].sort().join(', ')}`];
  });
}
