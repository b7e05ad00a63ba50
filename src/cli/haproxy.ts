// `topspin haproxy`: `topspin serve` without traffic of its own; a running HAProxy is given the nodes.

import { haproxyKeyOfFlag } from './flags.ts'
import { serveWith } from './serve.ts'

export interface HaproxyFlags
  extends Readonly<Partial<Record<keyof typeof haproxyKeyOfFlag, string>>> {
  readonly config?: string
}

/** Resolves with the exit code when the command has ended. */
export function serveHaproxy(flags: HaproxyFlags): Promise<number> {
  const values = Object.entries(haproxyKeyOfFlag).flatMap(([name, path]) => {
    const value = flags[name as keyof typeof haproxyKeyOfFlag]
    return value === undefined ? [] : [{ flag: `--${name}`, path, value }]
  })
  const withoutTraffic = [
    { flag: 'topspin haproxy', path: 'listen', value: '' },
    { flag: 'topspin haproxy', path: 'workers', value: '0' },
  ]
  return serveWith(flags.config, [...values, ...withoutTraffic])
}
