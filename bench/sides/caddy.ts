// Caddy with one processor for its Go code. Certificates are the given ones; all else has its defaults.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../support/find-program.ts'
import type { Place, Side } from './side.ts'

const program = findProgram('caddy', 'version')

export const caddy: Side = {
  name: 'caddy',
  version: program?.version,
  http2: true,
  howToInstall: 'apt-get install caddy && service caddy stop',
  prepare: (place) => {
    const file = join(place.folder, 'Caddyfile')
    writeFileSync(file, configuration(place))
    const own = ['GOMAXPROCS=1', `XDG_DATA_HOME=${place.folder}`, `XDG_CONFIG_HOME=${place.folder}`]
    const run = ['run', '--config', file, '--adapter', 'caddyfile']
    return { command: 'env', args: [...own, program?.path ?? 'caddy', ...run] }
  },
}

function configuration({ port, http2Port, tlsPort, certificate, nodes, accessLog }: Place): string {
  const log = accessLog === undefined ? '' : `log {\n output file ${accessLog}\n format json\n }`
  const upstreams = nodes.map((node) => `127.0.0.1:${node}`).join(' ')
  const site = `bind 127.0.0.1
 ${log}
 reverse_proxy ${upstreams} {
  lb_policy round_robin
  transport http {
   keepalive_idle_conns_per_host 1024
  }
 }`
  return `{
 admin off
 auto_https off
 default_sni localhost
 log {
  level ERROR
 }
 servers {
  protocols h1 h2 h2c
 }
}
http://:${port}, http://:${http2Port} {
 ${site}
}
https://:${tlsPort} {
 tls ${certificate.cert} ${certificate.key}
 ${site}
}
`
}
