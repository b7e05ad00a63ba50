// Proxies from npm, each in a program of bench/programs; scripts/bench.js installs their packages.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sources } from '../support/paths.ts'
import type { Side } from './side.ts'

export const npmSides: readonly Side[] = [
  side('http-proxy', 'http-proxy', 'http-proxy.js'),
  side('http-proxy-3', 'http-proxy-3', 'http-proxy-3.js'),
  side('fastify', '@fastify/http-proxy', 'fastify.js'),
  side('http-proxy-middleware', 'http-proxy-middleware', 'http-proxy-middleware.js'),
]

function side(name: string, packageName: string, program: string): Side {
  const file = join(sources, 'node_modules', packageName, 'package.json')
  return {
    name,
    version: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined,
    howToInstall: 'npm install --prefix bench',
    prepare: ({ port, nodes, accessLog }) => ({
      command: process.execPath,
      args: [
        '--no-deprecation',
        join(sources, 'programs', program),
        String(port),
        accessLog ?? 'off',
        ...nodes.map(String),
      ],
    }),
  }
}
