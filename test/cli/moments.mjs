/**
 * Loaded into a process of the command line before its own code (see `atMoments` in run-cli.ts): at moments that are told by
 * what it prints or writes, the process sends itself a signal, or a timer of its own rings. What a test does from outside
 * comes too late where the machine is busy.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';

const { parent, moments } = JSON.parse(process.env['TITLESMITH_TEST_MOMENTS']);

/** Takes over the timers of these milliseconds: they ring when they are told to, each time once, and never by the clock. */
function takeTimers(delays) {
  const never = 2 ** 31 - 1;
  const pending = new Map();
  const early = new Set();
  const { setTimeout, clearTimeout } = globalThis;
  globalThis.setTimeout = (call, delay, ...given) => {
    if (!delays.has(delay)) return setTimeout(call, delay, ...given);
    if (early.delete(delay)) return setTimeout(call, 0, ...given);
    const timer = setTimeout(call, never, ...given);
    pending.set(timer, { delay, ring: () => call(...given) });
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    pending.delete(timer);
    clearTimeout(timer);
  };
  return (delay) => {
    const [timer, { ring }] = [...pending].find(([, each]) => each.delay === delay) ?? [undefined, {}];
    if (timer === undefined) return void early.add(delay);
    globalThis.clearTimeout(timer);
    ring();
  };
}

/** Sleeps of so many milliseconds take none. */
function shortenSleep({ sleep }) {
  const original = timers.setTimeout;
  timers.setTimeout = (delay, ...rest) => original(delay === sleep ? 1 : delay, ...rest);
}

/** After each output that completes the first moment that is left. Standard output is written to a pipe at once (Node's docs). */
function watchOutput(moments) {
  const ring = takeTimers(new Set(moments.map(({ timer }) => timer)));
  const left = moments.filter(({ output }) => output !== undefined);
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  let text = '';
  stdout.write = (chunk, ...rest) => {
    const result = write(chunk, ...rest);
    text += chunk;
    while (left.length > 0 && new RegExp(left[0].output).test(text)) {
      text = '';
      const { signal, timer } = left.shift();
      if (signal !== undefined) process.kill(process.pid, signal);
      if (timer !== undefined) ring(timer);
    }
    return result;
  };
}

/** Before a number of bytes stand in a file that was opened so many times. What comes before them is written. */
function watchFile({ file, opening, bytes, signal }) {
  let [opened, written] = [0, 0];
  const open = fs.promises.open;
  fs.promises.open = async (path, ...rest) => {
    const handle = await open(path, ...rest);
    if (!String(path).endsWith(file) || ++opened !== opening) return handle;
    for (const method of ['write', 'writeFile', 'appendFile', 'writev']) {
      const original = handle[method].bind(handle);
      handle[method] = (data, ...more) => {
        const content = Buffer.concat((method === 'writev' ? data : [data]).map((part) => Buffer.from(part)));
        if (written + content.length < bytes) {
          written += content.length;
          return original(data, ...more);
        }
        fs.writeSync(handle.fd, content.subarray(0, bytes - written));
        process.kill(process.pid, signal);
        throw new Error('The signal did not end the process.');
      };
    }
    return handle;
  };
}

/** What takes room on a disk. */
const fillsDisk = /^(mkdir|write|append)/;

/** Before the so manieth operation of this thread that changes a file; or, where an error is given, from then on. */
function watchOperations({ operation, signal, error }) {
  let count = 0;
  const counted = (owner, method) => {
    const original = owner[method];
    owner[method] = function (...given) {
      count += 1;
      if (count === operation && signal !== undefined) process.kill(process.pid, signal);
      if (count >= operation && error !== undefined && fillsDisk.test(method)) {
        const fault = Object.assign(new Error(`${error}: ${method}`), { code: error });
        if (method.endsWith('Sync')) throw fault;
        return Promise.reject(fault);
      }
      return original.apply(this, given);
    };
  };
  for (const method of ['rename', 'rm', 'rmdir', 'mkdir', 'writeFile', 'appendFile', 'truncate'])
    counted(fs.promises, method);
  for (const method of [
    'writeSync',
    'writeFileSync',
    'appendFileSync',
    'renameSync',
    'rmSync',
    'ftruncateSync',
  ])
    counted(fs, method);
  const open = fs.promises.open;
  fs.promises.open = async (...given) => {
    const handle = await open(...given);
    for (const method of ['write', 'writeFile', 'appendFile', 'writev', 'truncate', 'sync', 'close'])
      counted(handle, method);
    return handle;
  };
}

// Processes that this one starts are left alone.
if (process.ppid === parent) {
  if (isMainThread) {
    watchOutput(moments);
    for (const moment of moments) {
      if (moment.sleep !== undefined) shortenSleep(moment);
      if (moment.operation !== undefined && moment.thread === 'main') watchOperations(moment);
    }
  } else {
    // Stages write their files in threads of their own.
    for (const moment of moments) {
      if (moment.file !== undefined) watchFile(moment);
      if (moment.operation !== undefined && moment.thread !== 'main') watchOperations(moment);
    }
  }
  syncBuiltinESMExports();
}
