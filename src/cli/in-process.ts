// The data plane in this process (`--workers 0`): a proxy that shares the live numbers with the registry.

import { createProxy, type ReverseProxy } from '../proxy/index.ts'
import { type AccessLogFile, openAccessLog } from './access-log.ts'
import type { DataPlane, DataPlaneOptions } from './data-plane.ts'

export function inProcess(options: DataPlaneOptions): DataPlane {
  const { settings, live, log } = options
  let accessLog: AccessLogFile | undefined
  const proxy: ReverseProxy = createProxy({
    ...settings,
    live,
    log,
    ...(options.accessLog === 'off' ? {} : { accessLog: (entry) => accessLog?.write(entry) }),
  })
  return {
    async listen() {
      if (options.accessLog !== 'off') accessLog = await openAccessLog(options.accessLog, log)
      try {
        return await proxy.listen()
      } catch (error) {
        accessLog?.close()
        throw error
      }
    },
    take: (socket, first) => proxy.take(socket, first),
    explain: async (question) => proxy.explain(question),
    apply: (changes) => proxy.apply(changes),
    tell: () => {},
    refresh: () => {},
    reload: () => accessLog?.reopen(),
    workers: () => [],
    counts: () => proxy.counters,
    async drain(deadlineMs) {
      await proxy.drain(deadlineMs)
      accessLog?.close()
    },
    async close() {
      proxy.close()
      accessLog?.close()
    },
  }
}
