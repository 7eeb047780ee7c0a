/** titlesmith's own version: that of package.json, as a test checks, which a browser has no file to read it from. */
export const packageVersion = '1.0.0';

/** SHA-256 of data/base/fingerprints.bin; `npm run tool -- base-fingerprints` prints it. */
export const baseFingerprintsHash = '5f0a84fb2bea388dfc53137837abcf1e79c7b6568e728bac0b5d98f9cc9ac162';
