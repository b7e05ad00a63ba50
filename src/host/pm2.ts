// What PM2 does differently with the processes that it runs.

/**
 * The variables that the application will have: in cluster mode PM2 sets them only when modules that are loaded with
 * `--import` have run already, and has them in one variable before that.
 */
export function applicationEnvironment(): Readonly<Record<string, string | undefined>> {
  const { pm2_env: text } = process.env
  if (text === undefined) return process.env
  try {
    const strings = Object.entries(JSON.parse(text) as object).filter(
      ([, value]) => typeof value === 'string',
    )
    return { ...process.env, ...Object.fromEntries(strings) }
  } catch {
    return process.env
  }
}

/** With `wait_ready`, PM2 stops the process that this one replaces when it receives this message. */
export function sendReady(): void {
  if (process.env['wait_ready'] === 'true') process.send?.('ready')
}
