import { execFileSync } from 'node:child_process';
import { cudaCard } from './cuda-driver.js';
import { vulkanDevices } from './vulkan.js';

/** The graphics card behind a device, as far as the system describes it. */
export interface Adapter {
  readonly name: string;
  readonly driver?: string;
  /** Whether it is emulated on the processor. */
  readonly software?: boolean;
}

function output(program: string, arguments_: readonly string[]): string {
  return execFileSync(program, arguments_, {
    encoding: 'utf8',
    timeout: 5000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** The card that WebGPU computes on. macOS and Windows list their cards; the first is taken. */
function webGpuAdapter(): Adapter | undefined {
  if (process.platform === 'darwin') {
    const { SPDisplaysDataType: cards } = JSON.parse(
      output('system_profiler', ['SPDisplaysDataType', '-json']),
    ) as { SPDisplaysDataType: readonly { sppci_model: string }[] };
    return cards[0] && { name: cards[0].sppci_model };
  }
  if (process.platform === 'win32') {
    const command =
      'Get-CimInstance Win32_VideoController | Select-Object -First 1 Name,DriverVersion | ConvertTo-Json';
    const card = JSON.parse(output('powershell', ['-NoProfile', '-Command', command])) as {
      Name: string;
      DriverVersion: string;
    };
    return { name: card.Name, driver: card.DriverVersion, software: card.Name.includes('Basic Render') };
  }
  return vulkanDevices()[0];
}

/** The card that CUDA numbers first, and the version of the driver, which all cards share. */
function cudaAdapter(): Adapter | undefined {
  const card = cudaCard();
  if (!card) return undefined;
  const { name } = card;
  try {
    const [driver] = output('nvidia-smi', ['--query-gpu=driver_version', '--format=csv,noheader']).split(
      '\n',
    );
    return { name, ...(driver ? { driver: `NVIDIA ${driver}` } : {}) };
  } catch {
    return { name };
  }
}

/** Name and driver of the card behind a device; undefined if the system does not say. */
export function findAdapter(device: 'webgpu' | 'cuda'): Adapter | undefined {
  try {
    return device === 'cuda' ? cudaAdapter() : webGpuAdapter();
  } catch {
    return undefined;
  }
}
