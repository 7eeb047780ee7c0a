import { TitlesmithError } from '../../common/errors.js';

/** A device has too little memory, or a requested buffer is larger than it allows. */
export class OutOfDeviceMemoryError extends TitlesmithError {
  constructor(message: string, hint: string, cause: unknown) {
    super(message, { code: 'device-memory', hint, cause });
    this.name = 'OutOfDeviceMemoryError';
  }
}

/** A tensor that an operator needs whole is larger than a buffer of the device may be. */
export class TensorTooLargeError extends OutOfDeviceMemoryError {
  constructor(message: string, cause: unknown) {
    super(message, 'Ask for less at a time: --batch-size, --slots, --length.', cause);
    this.name = 'TensorTooLargeError';
  }
}

/**
 * Messages of Dawn, ONNX Runtime and CUDA when memory is short. WebGPU reports a failed allocation only when the
 * invalid buffer is used.
 */
const shortage =
  /invalid buffer|out of (?:device )?memory|OUT_OF_DEVICE_MEMORY|OUT_OF_HOST_MEMORY|Allocation size too large|exceeds the max buffer size|Too many storage buffers|Failed to allocate memory/i;

/** Turns an error about memory into one that a person can act on; returns other errors as they are. */
export function explainDeviceError(error: unknown): unknown {
  if (!(error instanceof Error) || !shortage.test(error.message)) return error;
  const hint = 'Ask for less at a time: --batch-size.';
  return new OutOfDeviceMemoryError('The graphics card has too little memory for this.', hint, error);
}
