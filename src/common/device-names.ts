/**
 * Names that Windows keeps for devices, in any case and with any ending: no file or folder can be called so there
 * (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
 */
const deviceNames = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether Windows takes a name for a device's. */
export const isDeviceName = (name: string): boolean => deviceNames.test(name);

/**
 * Whether a file or folder can have a name on a system. Windows has no devices' names, no name that ends in a dot or a space, which it
 * would drop, and none with characters of its own use.
 */
export function isPossibleName(name: string, platform: string): boolean {
  if (platform !== 'win32') return true;
  return !isDeviceName(name) && !/[<>:"|?*\\]|[. ]$/.test(name);
}

/**
 * A name that a folder can have on any system: itself, or with `-run` behind it, which no subreddit's name can end in, so that two
 * never become one.
 */
export const folderNameFor = (name: string): string => (isDeviceName(name) ? `${name}-run` : name);
