// The traffic in this process (`--workers 0`): a proxy that shares the live numbers with the registry.

import { cascadesIn } from '../config/traffic-settings.ts'
import { explanationOf } from '../control/explanation.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'
import { createProxy, loadPolicies, type ReverseProxy } from '../proxy/index.ts'
import { accessLogAmong, openAccessLog } from './access/log.ts'
import { AccessLogInForce } from './access/log-in-force.ts'
import type { DataPlane, DataPlaneOptions } from './data-plane.ts'
import { TracingInForce } from './tracing/tracing-in-force.ts'

/** Rejects when a module that a cascade names cannot be loaded. */
export async function inProcess(options: DataPlaneOptions): Promise<DataPlane> {
  const { settings, inherited, live, log, lines } = options
  const sockets = new Map<string, ListenHandle>()
  const proxy: ReverseProxy = createProxy({
    ...settings,
    policies: await loadPolicies(cascadesIn(settings)),
    live,
    log,
    sockets: { kept: inherited, listening: (key, handle) => sockets.set(key, handle) },
  })
  const accessLog = new AccessLogInForce(
    proxy,
    (destination) =>
      destination === 'stdout'
        ? accessLogAmong(lines)
        : openAccessLog(destination, log, lines.dropped),
    options.onRequest,
  )
  const tracing = new TracingInForce(proxy, log)
  const closeLogs = async (): Promise<void> => {
    await Promise.all([accessLog.close(), tracing.close()])
  }
  return {
    prepare: () => {},
    async listen() {
      await accessLog.replace(options.accessLog)
      tracing.replace(options)
      try {
        return await proxy.listen()
      } catch (error) {
        await closeLogs()
        throw error
      }
    },
    requests: proxy.requests,
    accept: (socket, first) => proxy.accept(socket, first),
    explain: async (question) =>
      explanationOf([{ pid: process.pid, explanation: proxy.explain(question) }]),
    apply: (changes) => proxy.apply(changes),
    notify: () => {},
    refresh: () => {},
    open: (next) => proxy.openListeners(next.settings.listen, next.settings.tls),
    async reload(next, changes) {
      const { listen, tls, ...settings } = next.settings
      const policies = await loadPolicies(cascadesIn(settings))
      await accessLog.replace(next.accessLog)
      tracing.replace(next)
      proxy.replaceSettings(settings, policies)
      proxy.apply(changes)
      proxy.useListeners(listen, tls, next.leaveMs)
    },
    followRequests: (filters, report) =>
      accessLog.follow(filters, (seen, done) => {
        report(seen)
        done()
      }),
    reopenLogs: () => accessLog.reopen(),
    workers: () => [],
    counts: () => ({
      ...proxy.counters,
      logLinesDropped: lines.dropped.total,
      spansSent: tracing.counts.sent,
      spansDropped: tracing.counts.dropped,
    }),
    requestTimes: () => proxy.requestTimes,
    announceEnd: () => proxy.announceEnd(),
    socketAt: (key) => sockets.get(key),
    async drain(deadlineMs, isReplaced) {
      await proxy.drain(deadlineMs, isReplaced)
      await closeLogs()
    },
    async close() {
      proxy.close()
      await closeLogs()
    },
  }
}
