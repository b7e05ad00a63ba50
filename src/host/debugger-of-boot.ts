// SIGUSR1 opens the debugger of Node.js until a program handles the signal, so one that arrives while Node.js itself starts
// would leave a port open for the life of the process. Used by cli/early-signals.ts and server/workers/worker.ts.

/** Closes a debugger that no option of Node.js has asked for. To be called once SIGUSR1 has a handler. */
export function closeDebuggerOfBoot(): void {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? '']
  if (options.some((option) => option.includes('--inspect'))) return
  if (!process.features.inspector) return
  const { url, close } = process.getBuiltinModule('node:inspector')
  if (url() !== undefined) close()
}
