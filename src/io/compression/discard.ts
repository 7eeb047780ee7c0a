import { MessageChannel } from 'node:worker_threads';

const { port1: nowhere, port2: otherEnd } = new MessageChannel();
otherEnd.close();

/**
 * Frees the memory of bytes at once, which must not be used again and must own their whole ArrayBuffer. Left to the
 * garbage collector, the pieces of a stream make it run all the time, as V8 counts them as memory held outside: it
 * takes longer than the work on them. What is transferred to a closed port is gone.
 */
export function discard(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) nowhere.postMessage(undefined, [buffer]);
}
