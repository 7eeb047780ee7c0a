/** Takes the next piece of bytes, valid during the call; false ends the reading early. */
export type PieceListener = (piece: Uint8Array) => boolean;

/**
 * Hands the pieces of a stream on. What the listener throws passes as it is.
 * @param explain makes of an error of the stream what is thrown instead.
 * @returns false where the listener had enough.
 */
export async function forEachPiece(
  stream: AsyncIterable<Uint8Array>,
  onPiece: PieceListener,
  explain: (error: unknown) => unknown = (error) => error,
): Promise<boolean> {
  const pieces = stream[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      return await pieces.next();
    } catch (error) {
      throw explain(error);
    }
  };
  try {
    for (let piece = await next(); !piece.done; piece = await next()) {
      if (!onPiece(piece.value)) return false;
    }
    return true;
  } finally {
    await pieces.return?.();
  }
}
