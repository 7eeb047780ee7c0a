import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { InterruptedError, TitlesmithError, usageError } from '../../common/errors.js';
import { formatMebibytes } from '../../common/number-formats.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import type { EngineName } from '../../options/choices.js';
import { type DeviceChoice, deviceChoices, formatDevice } from './device-choice.js';
import { float16Unavailable } from './float16.js';
import { provideRuntime } from './onnxruntime/fetch-runtime.js';
import type { Adapter } from './onnxruntime/graphics-card.js';
import { installedTfjsPackage } from './tfjs-packages.js';

/** The result of trying a device. */
export interface DeviceReport extends DeviceChoice {
  readonly works: boolean;
  /** The processor or card, with its driver if that is known. */
  readonly description?: string;
  /** Whether it is a graphics card emulated in software, which is slower than the processor alone. */
  readonly software?: boolean;
  /** Why it does not compute in float16, if it works otherwise. */
  readonly float16Shortage?: string;
  /** Of an NVIDIA card; see {@link Engine.computeCapability}. */
  readonly computeCapability?: number;
  /** Whether a training does not come to the same bytes twice, so that one that is gone on with ends otherwise. */
  readonly varies?: boolean;
  /** Why it does not work, and what to do about it. */
  readonly reason?: string;
  readonly hint?: string;
}

/** What the process that tries a device prints. */
type TrialOutput =
  | {
      readonly works: true;
      readonly adapter?: Adapter;
      /** Bytes of the largest buffer, if there is a limit. */
      readonly largestBuffer?: number;
      readonly float16Shortage?: string;
      readonly computeCapability?: number;
      readonly repeats: boolean;
    }
  | { readonly works: false; readonly reason: string; readonly hint?: string };

const trialTimeoutMs = 120_000;

const hints: Readonly<Record<string, string>> = {
  webgpu:
    process.platform === 'linux'
      ? "Install the card's Vulkan driver: libvulkan1 and mesa-vulkan-drivers for AMD and Intel, NVIDIA's own for NVIDIA."
      : "Update the graphics card's driver.",
  cuda: 'Needs an NVIDIA driver, and CUDA and cuDNN in the versions that libraries are named with (docs/devices.md).',
};

/** What CUDA's runtime says where it is newer than the driver knows: cudaErrorInsufficientDriver. */
const olderDriver = 35;

/** Explains ONNX Runtime's messages in plain words. */
export function explainTrial({ device }: DeviceChoice, reason: string): { reason: string; hint?: string } {
  const hint = hints[device];
  const [failure, code] = /CUDA failure (\d+): [^;]*[^;\s]/.exec(reason) ?? [];
  if (device === 'cuda' && failure !== undefined) {
    if (Number(code) === olderDriver) {
      return {
        reason: failure,
        hint: "Update NVIDIA's driver (580 or newer for CUDA 13), or take --device webgpu.",
      };
    }
    return { reason: failure, ...(hint ? { hint } : {}) };
  }
  if (device === 'webgpu' && reason.includes('Failed to get a WebGPU adapter')) {
    return { reason: 'no graphics card with a driver that WebGPU can use', ...(hint ? { hint } : {}) };
  }
  return { reason: reason.replaceAll('\n', ' ').trim() };
}

function describeAdapter({ name, driver }: Adapter): string {
  return driver === undefined ? name : `${name} (${driver})`;
}

/** Tries a device in a process of its own. Takes a second or so, on a new card's driver some; never throws. */
async function tryDevice(choice: DeviceChoice): Promise<DeviceReport> {
  const { code, signal, output } = await runTrial(formatDevice(choice));
  const line = output.split('\n').find((candidate) => candidate.startsWith('{"works"'));
  if (line === undefined) {
    const end = signal === null ? `exit code ${code}` : signal;
    return { ...choice, works: false, reason: `the process that tried it ended with ${end}` };
  }
  const trial = JSON.parse(line) as TrialOutput;
  if (!trial.works) {
    const explained = explainTrial(choice, trial.reason);
    return { ...choice, works: false, ...explained, ...(trial.hint ? { hint: trial.hint } : {}) };
  }
  const { adapter, largestBuffer, float16Shortage, computeCapability, repeats } = trial;
  const buffers = largestBuffer ? `, buffers of ${formatMebibytes(largestBuffer)} at most` : '';
  const name = adapter ? describeAdapter(adapter) : describeProcessor(choice);
  const varies = repeats ? '' : ', not the same bytes twice';
  const description = name === undefined ? undefined : `${name}${buffers}${varies}`;
  return {
    ...choice,
    works: true,
    ...(description === undefined ? {} : { description }),
    ...(adapter?.software ? { software: true } : {}),
    ...(float16Shortage === undefined ? {} : { float16Shortage }),
    ...(computeCapability === undefined ? {} : { computeCapability }),
    ...(repeats ? {} : { varies: true }),
  };
}

function describeProcessor({ engine, device }: DeviceChoice): string | undefined {
  if (engine === 'tfjs') return installedTfjsPackage(device === 'cuda' ? 'cuda' : 'cpu');
  return device === 'cpu' ? cpus()[0]?.model.trim() : undefined;
}

interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function runTrial(name: string): Promise<ProcessResult> {
  const script = fileURLToPath(new URL('./device-trial.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, name], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: trialTimeoutMs,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

/** Why there is no ONNX Runtime here; undefined where there is, now. */
async function runtimeShortage(
  context: WorkContext,
): Promise<Pick<DeviceReport, 'reason' | 'hint'> | undefined> {
  try {
    await provideRuntime(context);
    return undefined;
  } catch (error) {
    if (!(error instanceof TitlesmithError) || error instanceof InterruptedError) throw error;
    const { message: reason, hint } = error;
    return { reason, ...(hint === undefined ? {} : { hint }) };
  }
}

/**
 * Every device of every engine, tried one after the other. Where ONNX Runtime is not here and cannot be fetched, its devices do
 * not work, and say so.
 * @param onTry is called with each before it is tried.
 * @throws InterruptedError while ONNX Runtime is fetched.
 */
export async function listDevices(
  onTry: (choice: DeviceChoice, index: number) => void = () => {},
  context: WorkContext = silentContext,
): Promise<DeviceReport[]> {
  const shortage = await runtimeShortage(context);
  const reports: DeviceReport[] = [];
  for (const [index, choice] of deviceChoices.entries()) {
    onTry(choice, index);
    const isMissing = choice.engine === 'onnxruntime' && shortage !== undefined;
    reports.push(isMissing ? { ...choice, works: false, ...shortage } : await tryDevice(choice));
  }
  return reports;
}

/** Exists where NVIDIA's driver is loaded, on Linux. */
const nvidiaDriver = '/dev/nvidiactl';

/** Whether the system may have a graphics card; true if it does not say. Saves `auto` the second that a trial takes. */
function mayHaveGraphicsCard(): boolean {
  if (process.platform !== 'linux') return true;
  const [cards, wsl] = ['/dev/dri', '/dev/dxg'];
  const hasRenderNode = existsSync(cards) && readdirSync(cards).some((name) => name.startsWith('render'));
  return hasRenderNode || existsSync(wsl) || existsSync(nvidiaDriver);
}

/** The device chosen, and why. */
export interface ChosenDevice extends DeviceChoice {
  readonly reason: string;
  readonly description?: string | undefined;
  /** What was found when it was tried; undefined of one that was not, the processor. */
  readonly report?: DeviceReport;
}

/**
 * The first device of an engine that works. Skips graphics cards emulated in software; does not try the processor,
 * which always works.
 */
export async function chooseDevice(engine: EngineName): Promise<ChosenDevice> {
  const passedOver: string[] = [];
  const withCard = mayHaveGraphicsCard();
  for (const choice of deviceChoices.filter((candidate) => candidate.engine === engine)) {
    if (choice.device === 'cpu' && engine === 'onnxruntime') {
      const why = withCard ? passedOver.join('; ') : 'no graphics card was found';
      return { ...choice, reason: why, description: describeProcessor(choice) };
    }
    if (choice.device !== 'cpu' && !withCard) continue;
    const report = await tryDevice(choice);
    const { works, software, reason, hint, description } = report;
    if (works && !software) {
      // Why an NVIDIA card is not used by CUDA, which is faster there; of another card it says nothing.
      const instead = existsSync(nvidiaDriver) ? passedOver : [];
      return { ...choice, reason: ['the first that works', ...instead].join('; '), description, report };
    }
    passedOver.push(
      `${choice.device}: ${works ? `${description} computes in software` : reason}${hint ? ` (${hint})` : ''}`,
    );
  }
  throw new TitlesmithError(`The engine ${engine} works on no device: ${passedOver.join('; ')}.`, {
    code: 'device-unavailable',
    hint: 'Leave --engine out, or see titlesmith devices.',
  });
}

/**
 * Checks that a device works.
 * @throws TitlesmithError saying why it does not, and what to install; `usage` where there is no such device.
 */
export async function requireDevice(choice: DeviceChoice): Promise<ChosenDevice> {
  const known = deviceChoices.some(
    ({ engine, device }) => engine === choice.engine && device === choice.device,
  );
  if (!known) {
    throw usageError(
      `The engine ${choice.engine} has no device ${choice.device}.`,
      'See titlesmith devices.',
    );
  }
  const alwaysWorks = formatDevice(choice) === 'onnxruntime cpu';
  if (alwaysWorks) return { ...choice, reason: '', description: describeProcessor(choice) };
  const report = await tryDevice(choice);
  const { works, reason, hint, description } = report;
  if (works) return { ...choice, reason: '', description, report };
  throw new TitlesmithError(
    `${formatDevice(choice)} does not work here: ${(reason ?? '').replace(/\.$/, '')}.`,
    {
      code: 'device-unavailable',
      ...(hint ? { hint } : {}),
    },
  );
}

/**
 * Checks that a device that works computes in float16.
 * @param flag the option that needs it, for the message.
 * @throws TitlesmithError saying why it does not.
 */
export async function requireFloat16(choice: ChosenDevice, flag: string): Promise<void> {
  const { works, reason, float16Shortage } = choice.report ?? (await tryDevice(choice));
  const shortage = works ? float16Shortage : reason;
  if (shortage === undefined) return;
  throw float16Unavailable(flag, formatDevice(choice), shortage);
}
