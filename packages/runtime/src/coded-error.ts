export interface CodedErrorOptions extends ErrorOptions {
  /** The same call may succeed later. */
  retriable?: boolean;
  /** What a person can do about it. */
  hint?: string;
  /** Where: topic, partition, offset, path. */
  details?: ErrorDetails;
}

export interface ErrorDetails {
  readonly [name: string]: string | number | boolean;
}

/**
 * The one error class of Millrace. Each package closes `Code` to its own union; across packages compare `code`, never
 * `instanceof` (two copies of a package, or jest's realms, would break it) and never the text.
 */
export class CodedError<Code extends string = string> extends Error {
  override readonly name: string = 'CodedError';
  readonly code: Code;
  readonly retriable: boolean;
  readonly hint?: string;
  readonly details?: ErrorDetails;

  constructor(code: Code, message: string, options: CodedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
    if (options.hint !== undefined) this.hint = options.hint;
    if (options.details !== undefined) this.details = options.details;
  }
}

/** Whether something thrown, also by Node itself, carries this code. */
export function hasCode<Code extends string>(error: unknown, code: Code): error is CodedError<Code> {
  return codeOf(error) === code;
}

/** The `code` of something thrown, also by Node itself. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
