/**
 * Lets the event loop run other work of this thread: timers, messages, rendering. Browsers have no setImmediate, and
 * their timers wait up to 4 ms, so long work yields every few milliseconds, not after every item.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
