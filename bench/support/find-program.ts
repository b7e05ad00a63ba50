// Looks for a program of the machine and asks it for its version.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian puts servers where ordinary users do not look. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

export interface Program {
  readonly path: string
  readonly version: string
}

/** @param versionFlag answered on standard output or error with a text that holds a number like 1.22. */
export function findProgram(name: string, versionFlag: string): Program | undefined {
  const path = folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
  if (path === undefined) return undefined
  const { stdout, stderr } = spawnSync(path, [versionFlag], { encoding: 'utf8' })
  const version = /\d+\.\d+(?:\.\d+)*/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown'
  return { path, version }
}
