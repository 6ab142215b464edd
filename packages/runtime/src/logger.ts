/** The shape of pino's methods; what a library says goes here and nowhere else. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => {};

/** Says nothing: the default when Millrace is embedded. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
