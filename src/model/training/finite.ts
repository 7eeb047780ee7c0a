import { TitlesmithError } from '../../common/errors.js';
import type { TrainingOptions } from './training-options.js';

/** The values that are finite. */
export function finiteOnly<Name extends string>(values: Record<Name, number>): Partial<Record<Name, number>> {
  const entries = Object.entries<number>(values).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(entries) as Partial<Record<Name, number>>;
}

/** The error of a training whose numbers overflowed for good. */
export function notFinite(what: string, { mixedPrecision }: TrainingOptions): TitlesmithError {
  const otherwise = mixedPrecision === 'off' ? '' : ', or --mixed-precision off';
  return new TitlesmithError(
    `${what} is not finite: the training diverged; the last checkpoint is as it was.`,
    {
      code: 'training-diverged',
      hint: `Try a lower --learning-rate${otherwise}.`,
    },
  );
}
