// HAProxy with one thread. It cannot write its log to a file by itself, so it writes to its standard
// output, which is the file. It reckons with two open files for each connection and refuses to start
// when they are not allowed; strict-limits off lets it run, since no case needs so many.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../support/find-program.ts'
import type { Place, Side } from './side.ts'

const program = findProgram('haproxy', '-v')

export const haproxy: Side = {
  name: 'haproxy',
  version: program?.version,
  http2: true,
  howToInstall: 'apt-get install haproxy',
  prepare: (place) => {
    const file = join(place.folder, 'haproxy.cfg')
    writeFileSync(file, configuration(place))
    return {
      command: program?.path ?? 'haproxy',
      args: ['-db', '-f', file],
      ...(place.accessLog === undefined ? {} : { stdout: place.accessLog }),
    }
  },
}

const logFormat =
  '\'{"time":%Ts%ms,"client":"%ci","method":"%HM","target":"%HU","host":"%[capture.req.hdr(0)]",' +
  '"status":%ST,"node":"%s","attempts":%rc,"duration":%Tr,"bytes":%B}\''

function configuration({ port, http2Port, tlsPort, certificate, nodes, accessLog }: Place): string {
  const log = ['  log stdout format raw local0', `  log-format ${logFormat}`]
  return `global
  nbthread 1
  maxconn 30000
  no strict-limits
defaults
  mode http
  timeout connect 3s
  timeout client 10m
  timeout server 10m
  timeout http-keep-alive 10m
  option http-keep-alive
  http-reuse always
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  bind 127.0.0.1:${http2Port} backlog 4096
  bind 127.0.0.1:${tlsPort} backlog 4096 ssl crt ${certificate.pair} alpn h2,http/1.1
${accessLog === undefined ? '' : ['  declare capture request len 64', '  http-request capture req.hdr(Host) id 0', ...log].join('\n')}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend nodes
backend nodes
  balance roundrobin
${nodes.map((node, index) => `  server n${index + 1} 127.0.0.1:${node}`).join('\n')}
`
}
