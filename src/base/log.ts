// The logger that the library asks for: any pino-like object fits. Nothing here depends on pino.

export interface Logger {
  debug(detail: object, message: string): void
  info(detail: object, message: string): void
  warn(detail: object, message: string): void
  error(detail: object, message: string): void
}

const nothing = (): void => {}

/** Says nothing: the default of every door that is embedded in somebody else's process. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
