import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const keyOf = (path: string): string => `titlesmith: name of ${path}`;

/**
 * Remembers what people know a file by that is a copy of what they named, such as of a pipe; threads that are started later
 * know it too.
 * @param path the copy's.
 */
export function setShownName(path: string, name: string): void {
  setEnvironmentData(keyOf(path), name);
}

/** What people know a file by, for messages: a copy by what it was made of, any other by its path. */
export function shownName(path: string): string {
  const name = getEnvironmentData(keyOf(path));
  return typeof name === 'string' ? name : path;
}
