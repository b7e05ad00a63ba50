// The interface of the log: pino and similar loggers implement it. Nothing here depends on pino.

export interface Logger {
  debug(detail: object, message: string): void
  info(detail: object, message: string): void
  warn(detail: object, message: string): void
  error(detail: object, message: string): void
}

const nothing = (): void => {}

/** Logs nothing: the default wherever a program embeds Topspin. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
