// The engines that the configuration names. Used by start-serving.ts.

import { systemClock } from '../../base/clock.ts'
import { engineLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { Config } from '../../config/schema.ts'
import { haproxyAddress } from '../../config/schema-engines.ts'
import type { TlsMaterial } from '../../config/tls-files.ts'
import { isLoopback } from '../../net/address.ts'
import { networkCheck } from '../../net/network-check.ts'
import type { ServedCluster } from '../served-cluster.ts'
import type { Engine } from './engine.ts'
import { Engines, type ReadCluster } from './engines.ts'
import { HaproxyWriter } from './haproxy/haproxy-writer.ts'
import { loadXds } from './xds/packages.ts'
import { XdsServer } from './xds/xds-server.ts'

interface EnginesGiven {
  readonly config: Config
  readonly tls: TlsMaterial
  readonly cluster: ServedCluster
  readonly log: Logger
  /** Whether contexts are found under their own aliases only. */
  useAlias(): boolean
  /** Another process still has the port for Envoys. */
  readonly isReplacing: boolean
}

/**
 * Rejects with a `TopspinError` when packages are missing or an address cannot be opened.
 * @returns `undefined` where the configuration names none.
 */
export async function enginesOf(given: EnginesGiven): Promise<Engines | undefined> {
  const { config, cluster, useAlias } = given
  const { control } = config
  const statusTimeout = control.statusTimeout === 0 ? engineLimits.learnMs : control.statusTimeout
  const learnMs = Math.min(engineLimits.learnMs, statusTimeout)
  const engines = new Engines({ cluster, clock: systemClock, useAlias, learnMs })
  const haproxy = haproxyOf(given, engines.read)
  const envoys = await xdsOf(given, engines.read)
  for (const engine of [haproxy, envoys]) if (engine !== undefined) engines.add(engine)
  return engines.isEmpty ? undefined : engines
}

function haproxyOf(
  { config: { haproxy }, log }: EnginesGiven,
  read: ReadCluster,
): Engine | undefined {
  const address = haproxy.socket === undefined ? undefined : haproxyAddress(haproxy.socket)
  if (address === undefined) return undefined
  return new HaproxyWriter({
    address,
    addressText: haproxy.socket ?? '',
    mapFile: haproxy.map ?? '',
    prefix: haproxy.backends,
    serverOptions: haproxy.server,
    read,
    log,
    clock: systemClock,
  })
}

async function xdsOf(
  { config, tls, log, isReplacing }: EnginesGiven,
  read: ReadCluster,
): Promise<Engine | undefined> {
  const { listen, listeners } = config.xds
  if (listen === undefined) return undefined
  const { allow } = config.control
  const options = {
    listen,
    isAllowed: allow.length === 0 ? () => true : networkCheck(allow, 'control.allow'),
    tls: tls.xds,
    resources: { listeners, connectMs: config.timeouts.connect },
    read,
    log,
    clock: systemClock,
  }
  const server = new XdsServer(options, await loadXds())
  if (isReplacing) void server.listenLater()
  else {
    const port = await server.listen()
    const isSecure = tls.xds !== undefined
    log.info({ xds: `${listen.host}:${port}`, tls: isSecure }, 'discovery service is open')
  }
  if (!isLoopback(listen.host) && allow.length === 0 && tls.xds?.clientAuth !== 'require')
    log.warn(
      { xds: listen },
      'every machine that reaches the discovery service can read the cluster: set control.allow, or xds.tls with clientAuth: require',
    )
  return server
}
