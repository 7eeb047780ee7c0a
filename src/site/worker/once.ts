/** A function whose first success is its result from then on, until it is told to forget it. */
export function once<Arguments extends readonly unknown[], Result>(
  work: (...given: Arguments) => Promise<Result>,
): ((...given: Arguments) => Promise<Result>) & { readonly forget: () => void } {
  let result: Promise<Result> | undefined;
  const ask = (...given: Arguments): Promise<Result> => {
    result ??= work(...given).catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
  const forget = (): void => {
    result = undefined;
  };
  return Object.assign(ask, { forget });
}
