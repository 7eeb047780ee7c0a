/** Does a piece of work when it is its turn. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

let before: Promise<unknown> = Promise.resolve();

/**
 * One after the other, in the order asked for: sessions on a device share one context of it, which several threads must
 * not use at a time.
 */
export const onDevice: InTurn = (work) => {
  const turn = before.then(work, work);
  before = turn.catch(() => {});
  return turn;
};
