// Topspin as users run it: `topspin serve` with three fixed nodes, so registry, control listener,
// forwarded headers, sticky look-up and the choice by load factor are all on. Fixed nodes count as
// load factor 100.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, sources } from '../support/paths.ts'
import type { Side } from './side.ts'

export const topspin: Side = {
  name: 'topspin',
  version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
  http2: true,
  howToInstall: 'npm install',
  prepare: (place) => {
    const file = join(place.folder, 'topspin.json')
    const configuration = {
      listen: [
        `127.0.0.1:${place.port}`,
        `127.0.0.1:${place.http2Port}`,
        `https://127.0.0.1:${place.tlsPort}`,
      ],
      tls: { cert: place.certificate.cert, key: place.certificate.key },
      control: { listen: `127.0.0.1:${place.controlPort}` },
      workers: 1,
      to: place.nodes.map((port) => `127.0.0.1:${port}`),
      accessLog: place.accessLog ?? 'off',
      ...(place.traces === undefined ? {} : { tracing: place.traces }),
    }
    writeFileSync(file, JSON.stringify(configuration))
    return {
      command: process.execPath,
      args: [join(root, 'bin', 'topspin.js'), 'serve', '--config', file],
    }
  },
}

/** `topspin/handler` on a server of node:http, to be compared with proxies that are middlewares, too. */
export const topspinHandler: Side = {
  name: 'handler',
  version: topspin.version,
  howToInstall: 'npm install',
  prepare: ({ port, nodes }) => ({
    command: process.execPath,
    args: [join(sources, 'programs', 'handler.js'), String(port), 'off', ...nodes.map(String)],
  }),
}
