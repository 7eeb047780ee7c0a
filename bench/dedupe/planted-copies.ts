import type { Random } from '../../src/common/random.js';

/** Kinds of copies that are planted among the outputs of simulated runs. */
export const plantedKinds = ['exact', 'near', 'disguised', 'glued'] as const;
export type PlantedKind = (typeof plantedKinds)[number];

const pick = <T>(items: readonly T[], random: Random): T => items[random.integer(items.length)]!;

/** A copy of a training title: as it is; with one word of another title in it; in capitals without marks; two halves. */
export function plantCopy(
  kind: PlantedKind,
  train: readonly string[],
  others: readonly string[],
  random: Random,
): string {
  const title = pick(train, random);
  const words = title.split(' ');
  switch (kind) {
    case 'exact':
      return title;
    case 'near': {
      const changed = random.integer(words.length);
      const word = pick(pick(others, random).split(' '), random);
      return words.map((own, i) => (i === changed ? word : own)).join(' ');
    }
    case 'disguised':
      return title.toUpperCase().replace(/[^\p{L}\p{N} ]/gu, '');
    case 'glued': {
      const second = pick(train, random).split(' ');
      return [...words.slice(0, Math.ceil(words.length / 2)), ...second.slice(second.length >> 1)].join(' ');
    }
  }
}
