import { decidedValue, type OptionSpecification, value } from '../options/option-specification.js';
import { bytes, duration, integer, path, text } from '../options/option-values.js';
import { cronPattern, timeZone } from './schedule.js';

const batch = { group: 'Run', stages: [] } as const;

/** What a batch as a whole is told: keys at the top of its file, and flags that come before them. */
export const settingTable = {
  schedule: decidedValue('<cron>', cronPattern, {
    ...batch,
    help: 'Start a batch at these times, for example "0 3 * * 1", until stopped.',
    defaultInWords: 'once, now',
  }),
  timeZone: decidedValue('<zone>', timeZone, {
    ...batch,
    help: 'Time zone of the schedule, such as Europe/Berlin.',
    defaultInWords: "the machine's",
  }),
  jobs: value('<count>', integer(1, 256), 1, { ...batch, help: 'Runs at a time, as far as memory allows.' }),
  memory: decidedValue('<bytes>', bytes, {
    ...batch,
    help: 'Memory that runs may take together, such as 12GiB.',
    defaultInWords: 'nine tenths of what is available at the start',
  }),
  deadline: decidedValue('<time>', duration, {
    ...batch,
    help: 'Time one run may take, such as 90m or 6h; then it is stopped, saved, and counts as failed.',
    defaultInWords: 'none',
  }),
  retries: value('<count>', integer(0, 100), 3, {
    ...batch,
    help: 'Further tries of a run that failed for a reason that may pass: network, busy servers.',
  }),
  retryPause: value('<time>', duration, 30, {
    ...batch,
    help: 'Pause before the first of them; each further one is twice as long, with a random part.',
    defaultInWords: '30s',
  }),
  notify: decidedValue('<url|command>', text, {
    ...batch,
    help: 'Told when a batch ends: a URL gets its summary as JSON, a command on standard input.',
    defaultInWords: 'nobody',
  }),
  results: decidedValue('<folder|gs://bucket/folder>', path, {
    ...batch,
    help: 'Where finished runs are kept for other machines, and taken from where they are not here.',
    defaultInWords: 'nowhere else',
  }),
  shardCount: decidedValue('<count>', integer(1, 10_000), {
    ...batch,
    help: 'Machines that share the batch.',
    defaultInWords: 'CLOUD_RUN_TASK_COUNT',
  }),
  shardIndex: decidedValue('<number>', integer(0, 9_999), {
    ...batch,
    help: 'Which of them this one is, from 0.',
    defaultInWords: 'CLOUD_RUN_TASK_INDEX or JOB_COMPLETION_INDEX',
  }),
  runsDir: value('<folder>', path, 'runs', { ...batch, help: 'Where run folders and batch.json are kept.' }),
} as const;

export type SettingName = keyof typeof settingTable;

/** The value of every setting. Times in seconds, memory in bytes. */
export type BatchSettings = {
  readonly [Name in SettingName]: (typeof settingTable)[Name] extends OptionSpecification<infer Value>
    ? Value
    : never;
};

export const settingNames = Object.keys(settingTable) as SettingName[];

/** The table's entry, without its value type. */
export function settingSpecification(name: SettingName): OptionSpecification<unknown> {
  return settingTable[name] as OptionSpecification<unknown>;
}

/** Settings from the flags, else from the file, else by default. */
export function mergeSettings(
  inFile: Partial<BatchSettings>,
  onCommandLine: Partial<BatchSettings>,
): BatchSettings {
  const defaults = settingNames.map((name) => [name, settingSpecification(name).fallback]);
  return { ...(Object.fromEntries(defaults) as BatchSettings), ...inFile, ...onCommandLine };
}
