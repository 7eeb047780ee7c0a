/** titlesmith's own version: that of package.json, as a test checks, which a browser has no file to read it from. */
export const packageVersion = '0.1.0';
