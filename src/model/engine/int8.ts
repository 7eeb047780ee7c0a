import { TitlesmithError } from '../../common/errors.js';
import { formatDevice } from './device-choice.js';
import type { ChosenDevice } from './devices.js';
import type { Engine } from './engine.js';

function requireProcessor(isProcessor: boolean, feature: string, where: string): void {
  if (isProcessor) return;
  throw new TitlesmithError(`${feature} is not available on ${where}: only the processor computes in it.`, {
    code: 'int8-unavailable',
    hint: 'Take the processor (--device cpu), or leave it out.',
  });
}

/**
 * @param feature what needs products of 8 bits, for the message.
 * @throws TitlesmithError if a device does not compute them.
 */
export function requireInt8(chosen: ChosenDevice, feature: string): void {
  requireProcessor(chosen.device === 'cpu', feature, formatDevice(chosen));
}

/** As {@link requireInt8}, for an open engine. */
export function requireEngineInt8(engine: Engine, feature: string): void {
  requireProcessor(engine.memory === undefined, feature, engine.name);
}
