/** Error types of OpenAI's API. */
type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'server_error';

/** The body of every error answer, in OpenAI's format. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: ErrorType;
    /** The field of the request that is wrong. */
    readonly param: string | null;
    /** Stable, machine-readable. */
    readonly code: string;
  };
}

interface HttpErrorOptions {
  /** Stable, machine-readable. */
  readonly code: string;
  /** The field of the request that is wrong. */
  readonly field?: string | undefined;
  /** Seconds after which the client may try again; a whole number. */
  readonly retryAfter?: number;
  /** Further fields of the body, next to `error`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const errorTypes: Readonly<Record<number, ErrorType>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

/** An error answer to a request. The message says what is wrong and what to do, and is shown to the client. */
export class HttpError extends Error {
  readonly code: string;
  readonly field: string | undefined;
  readonly retryAfter: number | undefined;
  private readonly more: Readonly<Record<string, unknown>>;

  /** @param status HTTP status code, 400 to 599. */
  constructor(
    readonly status: number,
    message: string,
    { code, field, retryAfter, more = {} }: HttpErrorOptions,
  ) {
    super(message);
    this.code = code;
    this.field = field;
    this.retryAfter = retryAfter;
    this.more = more;
  }

  /** The body of the answer. */
  toBody(): ErrorBody {
    const { status, message, code, field, more } = this;
    const type = errorTypes[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
    return { error: { message, type, param: field ?? null, code }, ...more };
  }
}

/** 400 for an invalid field. */
export function fieldError(field: string, message: string): HttpError {
  return new HttpError(400, message, { code: 'invalid_value', field });
}
