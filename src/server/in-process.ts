// The traffic in this process (`--workers 0`): a proxy that shares the live numbers with the registry.

import { cascadesIn } from '../config/traffic-settings.ts'
import { createProxy, loadPolicies, type ReverseProxy } from '../proxy/index.ts'
import { type AccessLog, accessLogAmong, openAccessLog } from './access-log.ts'
import type { DataPlane, DataPlaneOptions } from './data-plane.ts'

/** Rejects when a module that a cascade names cannot be loaded. */
export async function inProcess(options: DataPlaneOptions): Promise<DataPlane> {
  const { settings, inherited, live, log, lines } = options
  let accessLog: AccessLog | undefined
  const proxy: ReverseProxy = createProxy({
    ...settings,
    policies: await loadPolicies(cascadesIn(settings)),
    live,
    log,
    sockets: { kept: (index) => inherited[index], listening: () => {} },
    ...(options.accessLog === 'off' ? {} : { accessLog: (entry) => accessLog?.write(entry) }),
  })
  return {
    async listen() {
      if (options.accessLog === 'stdout') accessLog = accessLogAmong(lines)
      else if (options.accessLog !== 'off')
        accessLog = await openAccessLog(options.accessLog, log, lines.dropped)
      try {
        return await proxy.listen()
      } catch (error) {
        await accessLog?.close()
        throw error
      }
    },
    accept: (socket, first) => proxy.accept(socket, first),
    explain: async (question) => proxy.explain(question),
    apply: (changes) => proxy.apply(changes),
    notify: () => {},
    refresh: () => {},
    async reload({ rules, tls }) {
      proxy.replaceTls(tls.traffic, tls.nodes)
      proxy.useCascades(rules, await loadPolicies(cascadesIn(rules)))
    },
    reopenLogs: () => void accessLog?.reopen(),
    workers: () => [],
    counts: () => ({ ...proxy.counters, logLinesDropped: lines.dropped.total }),
    announceEnd: () => proxy.announceEnd(),
    async drain(deadlineMs) {
      await proxy.drain(deadlineMs)
      await accessLog?.close()
    },
    async close() {
      proxy.close()
      await accessLog?.close()
    },
  }
}
