/** Kinds of refusals, as OpenAI's clients know them. */
type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'server_error';

export interface ServeErrorOptions {
  /** Stable, machine-readable. */
  readonly code: string;
  /** The field of the request that is wrong. */
  readonly field?: string | undefined;
  /** Whole seconds after which another try may be welcome. */
  readonly retryAfter?: number;
}

function typeOf(status: number): ErrorType {
  const types: Record<number, ErrorType> = {
    401: 'authentication_error',
    403: 'permission_error',
    404: 'not_found_error',
    429: 'rate_limit_error',
  };
  return types[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
}

/** A request that is refused. The message says what is wrong and what to do, and is shown to the client. */
export class ServeError extends Error {
  readonly code: string;
  readonly field: string | undefined;
  readonly retryAfter: number | undefined;

  /** @param status HTTP status code. */
  constructor(
    readonly status: number,
    message: string,
    { code, field, retryAfter }: ServeErrorOptions,
  ) {
    super(message);
    this.code = code;
    this.field = field;
    this.retryAfter = retryAfter;
  }

  /** The body of the answer, in OpenAI's form on every path. */
  toBody(): Readonly<Record<string, unknown>> {
    const { status, message, code, field } = this;
    return { error: { message, type: typeOf(status), param: field ?? null, code } };
  }
}

/** A field that cannot be: 400. */
export function fieldError(field: string, message: string): ServeError {
  return new ServeError(400, message, { code: 'invalid_value', field });
}
