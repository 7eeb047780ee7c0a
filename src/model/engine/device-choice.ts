import type { DeviceName, EngineName } from '../../options/choices.js';

/** An engine on a device. */
export interface DeviceChoice {
  readonly engine: EngineName;
  readonly device: DeviceName;
}

/** Every engine on every device it has, in the order in which `auto` tries them. */
export const deviceChoices: readonly DeviceChoice[] = [
  { engine: 'onnxruntime', device: 'cuda' },
  { engine: 'onnxruntime', device: 'webgpu' },
  { engine: 'onnxruntime', device: 'cpu' },
  { engine: 'tfjs', device: 'cuda' },
  { engine: 'tfjs', device: 'cpu' },
];

/** `onnxruntime webgpu`: printed and recorded. */
export const formatDevice = ({ engine, device }: DeviceChoice): string => `${engine} ${device}`;

/** The reverse of {@link formatDevice}; undefined for anything else. */
export function parseDevice(text: string): DeviceChoice | undefined {
  return deviceChoices.find((choice) => formatDevice(choice) === text);
}
