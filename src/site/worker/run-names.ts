/** Longest name that is taken from a file's. */
const longest = 40;

/**
 * A name for a run that is not taken: the file's, without what no folder's name may hold.
 * @param file a file's name, or what a person calls the titles.
 */
export function freeName(file: string, taken: readonly string[]): string {
  const bare = file
    .replace(/\.(gz|zst)$/i, '')
    .replace(/\.[A-Za-z0-9]{1,6}$/, '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, longest)
    .replace(/-+$/, '');
  // Names of Windows' devices are none for folders there.
  const isUsable = bare !== '' && !/^(con|prn|aux|nul|com\d|lpt\d)$/i.test(bare);
  const name = isUsable ? bare : 'titles';
  const names = new Set(taken.map((each) => each.toLowerCase()));
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!names.has(candidate.toLowerCase())) return candidate;
  }
}
