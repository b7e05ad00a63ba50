// A real HAProxy of a test: master and worker, so that it can be reloaded, with its runtime API on a unix socket.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePorts } from './free-ports.ts'
import { socketFolder } from './unix-client.ts'
import { until } from './until.ts'

export const noHaproxy: string | false =
  spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed (Debian: haproxy)'

export interface Haproxy {
  /** Of its frontend. */
  readonly port: number
  readonly socket: string
  readonly folder: string
  /** A command of the runtime API. */
  ask(command: string): Promise<string>
  /** A new worker process without what the runtime API has changed. */
  reload(): Promise<void>
  /** Of one server of `show stat`. */
  stat(backend: string, server: string): Promise<Readonly<Record<string, string>> | undefined>
  readonly log: () => string
}

/**
 * @param sections of the frontend's and backends' configuration; PORT and FOLDER in them are replaced. A map file may be
 * among `files`.
 */
export async function startHaproxy(
  t: TestContext,
  sections: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Haproxy> {
  const folder = socketFolder(t)
  const socket = join(folder, 'haproxy.sock')
  const [port = 0] = await freePorts(1)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const file = join(folder, 'haproxy.cfg')
  const text = `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  option redispatch
  retries 2
${sections}`
  writeFileSync(file, text.replaceAll('PORT', String(port)).replaceAll('FOLDER', folder))
  const child = spawn('haproxy', ['-W', '-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part) => {
      output += part
    })
  t.after(async () => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.kill('SIGTERM')) await ended
  })
  const ask = (command: string): Promise<string> => askAt(socket, command)
  const uptime = async (): Promise<string> => {
    const info = await ask('show info').catch(() => '')
    return /^Pid: (\d+)$/m.exec(info)?.[1] ?? ''
  }
  await until(
    'haproxy answers',
    async () => (await uptime()) !== '',
    10_000,
    () => output,
  )
  return {
    port,
    socket,
    folder,
    ask,
    async reload() {
      const before = await uptime()
      child.kill('SIGUSR2')
      await until(
        'the new worker answers',
        async () => !['', before].includes(await uptime()),
        10_000,
        () => output,
      )
    },
    async stat(backend, server) {
      const lines = (await ask('show stat')).split('\n')
      const names = lines[0]?.replace(/^# /, '').split(',') ?? []
      const row = lines.find((line) => line.startsWith(`${backend},${server},`))?.split(',')
      return row && Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']))
    },
    log: () => output,
  }
}

async function askAt(path: string, command: string): Promise<string> {
  const socket = connect(path)
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
  socket.setEncoding('utf8').write(`${command}\n`)
  let text = ''
  socket.on('data', (part) => {
    text += part
  })
  await once(socket, 'close')
  return text
}
