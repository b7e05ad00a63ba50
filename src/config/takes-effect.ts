// When a changed key takes effect at a reload. Used by scripts/configuration-page.js for docs/configuration.md.

const connections = 'for new connections'
const requests = 'for the next requests'
const atOnce = 'at once'
const nodeConnections = 'for new connections to nodes'

/** By key, or for all keys of a section. */
const effects: ReadonlyMap<string, string> = new Map([
  [
    'listen',
    'new addresses open; removed ones accept nothing more, and their connections end within `timeouts.replaced`',
  ],
  ['tls', connections],
  ['tls.watch', atOnce],
  ['acme', 'with the next order, which is begun at once when a certificate is missing or due'],
  ['httpsRedirect', requests],
  ['hsts', requests],
  ['control', requests],
  ['control.listen', 'the new address opens; the old one answers what has begun'],
  ['control.console', 'the new address opens; the old one answers what has begun'],
  ['control.peers', atOnce],
  ['control.allow', 'at once; connections from other addresses are closed'],
  ['control.traffic', 'at a restart, unless `workers` stays 0'],
  ['control.tls', connections],
  ['control.statusTimeout', atOnce],
  ['control.removeAfter', atOnce],
  ['control.limits', 'for the next messages; what is registered stays'],
  ['control.limits.messageBytes', connections],
  ['control.nodes', 'for the next registrations, and for new connections to names'],
  ['nodeTls', nodeConnections],
  ['to', atOnce],
  ['sendProxy', nodeConnections],
  [
    'workers',
    'at once: workers are added, or the last ones end within `timeouts.replaced`; from 0 or to 0 at a restart',
  ],
  ['trust', connections],
  ['headers', requests],
  ['target', requests],
  ['allowHalfOpen', requests],
  ['http2', connections],
  ['useAlias', requests],
  ['noContextStatus', requests],
  ['deterministicFailover', requests],
  ['via', connections],
  ['candidacy', requests],
  ['sticky', requests],
  ['balance', requests],
  ['routes', requests],
  ['health', 'for the next probes'],
  ['health.listen', 'the new address opens, the old one closes'],
  ['drain', atOnce],
  ['maxConnections', connections],
  ['timeouts', requests],
  ['timeouts.connect', nodeConnections],
  ['timeouts.drain', atOnce],
  ['timeouts.replaced', 'for what is replaced from then on'],
  ['body', requests],
  ['pool', nodeConnections],
  ['pool.idleMax', atOnce],
  ['ajp', requests],
  ['ajp.packetSize', nodeConnections],
  ['advertise', 'with the next advertisement'],
  ['cluster', 'at a restart'],
  ['haproxy', 'at a restart'],
  ['xds', 'at a restart'],
  [
    'xds.tls',
    'for new connections; with TLS in place of none, or none in place of TLS, at a restart',
  ],
  ['state', atOnce],
  ['accessLog', atOnce],
  ['requestId', requests],
  ['tracing', requests],
  ['log', atOnce],
])

/** @throws Error for a key without a row here. */
export function takesEffect(key: string): string {
  const steps = key.split('.')
  for (let length = steps.length; length > 0; length -= 1) {
    const effect = effects.get(steps.slice(0, length).join('.'))
    if (effect !== undefined) return effect
  }
  throw new Error(`src/config/takes-effect.ts does not say when ${key} takes effect`)
}
