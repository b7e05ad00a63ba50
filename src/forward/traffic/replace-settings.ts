// The settings of a process that forwards: their defaults, what follows from them, and their replacement by a reload. The
// object stays the same, because connections and pooled exchanges refer to it and to its parts. Used by make-traffic.ts and
// the front proxy.

import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../base/clock.ts'
import { dnsLimits, heldLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import type { UserCandidacy } from '../../candidacy/candidacy.ts'
import { findWithin, nodeLookup } from '../../net/checked-lookup.ts'
import { networkCheck } from '../../net/network-check.ts'
import { NodeTls } from '../../net/node-tls.ts'
import { viaLines } from '../../wire/forwarded.ts'
import type { FrontParts } from '../front-parts.ts'
import type { DerivedContext } from '../node/node-context.ts'
import { unknownContext } from '../refusal.ts'
import { connectionRoom } from '../shared/connection-room.ts'
import { hstsLine } from '../shared/hsts.ts'
import {
  defaultSettings,
  defaultTimeouts,
  type ProxySettings,
  type SettingsOptions,
} from '../shared/settings.ts'
import { StickyRules } from '../shared/sticky-rules.ts'
import { makeCascades } from './make-cascades.ts'
import type { DerivedSettings, Traffic } from './traffic.ts'

/** The settings with all defaults, in objects of their own. @param via unless the options have one. */
export function completeSettings(options: SettingsOptions, via: string): ProxySettings {
  const {
    timeouts,
    headLimits,
    keepAlive: _,
    nodeTls: _tls,
    nodesAllow: _allow,
    ...given
  } = options
  return {
    via,
    ...defaultSettings,
    ...given,
    headLimits: { ...defaultSettings.headLimits, ...headLimits },
    timeouts: { ...defaultTimeouts, ...timeouts },
  }
}

/** @throws RangeError for a trusted network that does not exist. */
export function derivedSettings(
  settings: ProxySettings,
  openFiles: number | undefined,
  frontParts: FrontParts | undefined,
): DerivedSettings {
  const { clients } = connectionRoom(openFiles, settings.connectionsMax)
  return {
    clientsMax: clients,
    isTrusted: networkCheck(settings.trust, 'trust'),
    unknownContext: unknownContext(settings.noContextStatus),
    sticky: new StickyRules(settings.sticky),
    via: viaLines(settings.via),
    rules: frontParts?.ruleStages.compile(settings.routes),
    hsts: settings.hsts && hstsLine(settings.hsts),
  }
}

/** Half of the connections to nodes are for requests that are complete. Without a least rate, slow bodies are usual. */
export function uploadLimits(
  { connectionsMax, bodyMinRate }: ProxySettings,
  openFiles: number | undefined,
): readonly [max: number, atNodeMax: number] {
  const { nodes } = connectionRoom(openFiles, connectionsMax)
  const atNodeMax = bodyMinRate === 0 ? Number.POSITIVE_INFINITY : heldLimits.uploadsAtNode
  return [Math.max(1, Math.floor(nodes / 2)), atNodeMax]
}

interface ContextParts {
  readonly openFiles: number | undefined
  readonly log: Logger
  readonly clock: Clock
  readonly frontParts: FrontParts | undefined
}

/** @throws RangeError for an entry of `nodesAllow` that does not exist, and for invalid settings of AJP. */
export function derivedContext(
  settings: ProxySettings,
  nodesAllow: readonly string[] | undefined,
  { isTrusted }: Pick<DerivedSettings, 'isTrusted'>,
  { openFiles, log, clock, frontParts }: ContextParts,
): DerivedContext {
  const find = findWithin(settings.timeouts.connectMs * dnsLimits.connectShare)
  return {
    ajp: frontParts?.ajpShared(settings.ajp),
    connectionsMax: connectionRoom(openFiles, settings.connectionsMax).nodes,
    isTrusted,
    lookupOf: nodeLookup(nodesAllow, { log, clock, find }),
  }
}

/**
 * Puts other settings in force: for new connections, and for the next requests of open ones. What the options do not name
 * has its default again.
 * @throws as `makeTraffic`; then nothing changes.
 */
export function replaceSettings(
  traffic: Traffic,
  options: SettingsOptions,
  policies: ReadonlyMap<string, UserCandidacy>,
): void {
  const { settings, openFiles, pools, frontParts } = traffic
  const next = completeSettings(options, settings.via)
  const derived = derivedSettings(next, openFiles, frontParts)
  const context = derivedContext(next, options.nodesAllow, derived, traffic)
  const cascades = makeCascades(next, { ...traffic, policies })
  const nodeTls = new NodeTls(options.nodeTls)
  const { timeouts, headLimits, ...values } = next
  const hasSameRules = isDeepStrictEqual(next.routes, settings.routes)
  const hasSameProxies = isDeepStrictEqual(next.sendProxy, settings.sendProxy)
  Object.assign(settings.timeouts, timeouts)
  Object.assign(settings.headLimits, headLimits)
  Object.assign(settings, values)
  // Rules that stay the same keep what they know of clients.
  const rules = hasSameRules ? traffic.rules : derived.rules
  Object.assign(traffic, derived, { cascades, rules })
  Object.assign(pools.context, context)
  traffic.uploads.limit(...uploadLimits(settings, openFiles))
  pools.nodeTls = nodeTls
  // The header at the start of a connection cannot be sent later.
  if (!hasSameProxies) pools.renew()
  traffic.admission.connectionsMax = context.connectionsMax
}
