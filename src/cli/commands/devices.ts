import { toPrintable } from '../../common/printable.js';
import { silentContext } from '../../common/progress.js';
import { type DeviceChoice, deviceChoices, formatDevice } from '../../model/engine/device-choice.js';
import { type DeviceReport, listDevices } from '../../model/engine/devices.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

/** `onnxruntime webgpu  works NVIDIA H100 (NVIDIA 550.54)`, or the reason why not and what to do. */
function linesOf(report: DeviceReport): string[] {
  const { works, description, software, float16Shortage, computeCapability, reason, hint } = report;
  const name = formatDevice(report).padEnd(19);
  if (!works) {
    const remedy = hint === undefined ? [] : [`${' '.repeat(name.length + 2)}${toPrintable(hint)}`];
    return [`${name} no    ${toPrintable(reason ?? '')}`, ...remedy];
  }
  const note = software ? '; a graphics card in software, which auto passes over' : '';
  const float16 =
    float16Shortage === undefined ? 'float16 too' : `no float16: ${toPrintable(float16Shortage)}`;
  const capability =
    computeCapability === undefined ? '' : `; compute capability ${computeCapability.toFixed(1)}`;
  return [
    `${name} works ${toPrintable(description ?? '')}${note}`,
    `${' '.repeat(name.length + 7)}${float16}${capability}`,
  ];
}

/** Tries every device and prints the results. */
export async function devicesCommand(terminal: Terminal): Promise<ExitCode> {
  const onTry = (choice: DeviceChoice, done: number): void => {
    const progress = { label: 'devices', done, total: deviceChoices.length, unit: 'tried' };
    terminal.show({ kind: 'progress', ...progress, detail: formatDevice(choice) });
  };
  const reports = await listDevices(onTry, { ...silentContext, onProgress: (event) => terminal.show(event) });
  const chosen = reports.find(
    ({ engine, works, software }) => engine === 'onnxruntime' && works && !software,
  );
  const choice = chosen ? [`--device auto takes ${formatDevice(chosen)}.`] : [];
  terminal.result([...reports.flatMap(linesOf), ...choice], {
    devices: reports,
    auto: chosen && formatDevice(chosen),
  });
  return exitCodes.done;
}
