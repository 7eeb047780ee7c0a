/**
 * Names that Windows keeps for devices, in any case and with any ending: no file or folder can be called so there
 * (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
 */
const deviceNames = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether Windows takes a name for a device's. */
export const isDeviceName = (name: string): boolean => deviceNames.test(name);

/**
 * A name that a folder can have on any system: itself, or with `-run` behind it, which no subreddit's name can end in, so that two
 * never become one.
 */
export const folderNameFor = (name: string): string => (isDeviceName(name) ? `${name}-run` : name);
