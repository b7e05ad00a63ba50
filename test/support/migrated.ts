// The configurations of a page in docs/migrating, run beside each other: the foreign program and Topspin, with the
// addresses of the page replaced by those of servers of a test.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.ts'
import { get } from './node-server.ts'
import { startServe } from './topspin.ts'
import { until } from './until.ts'

export type Foreign = 'haproxy' | 'nginx'

/** A reason to skip, where the program is not installed. */
export const absent = (name: Foreign): string | false =>
  spawnSync(name, ['-v']).error === undefined ? false : `${name} is not installed`

interface Pair {
  /** Ports of the two. */
  readonly foreign: number
  readonly topspin: number
}

/**
 * Starts both with the configurations of one section of docs/migrating/from-NAME.md.
 * @param replaced what stands in the page, and what is used in its place.
 */
export async function startBoth(
  t: TestContext,
  name: Foreign,
  section: number,
  replaced: Readonly<Record<string, string>>,
): Promise<Pair> {
  const page = readFileSync(
    fileURLToPath(new URL(`../../../docs/migrating/from-${name}.md`, import.meta.url)),
    'utf8',
  )
  const blocks = (language: string): readonly string[] =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
      ([, text = '']) => text,
    )
  const [foreign = 0] = await freePorts(1)
  const put = (text: string): string => {
    let result = text
    for (const [from, to] of Object.entries(replaced)) result = result.replaceAll(from, to)
    return result
  }
  const theirs = put(blocks(name)[section] ?? '').replace(
    /(bind |listen )(?:\*?:)?80\b/g,
    `$1127.0.0.1:${foreign}`,
  )
  const ours = put(blocks('yaml')[section] ?? '').replace('0.0.0.0:80', '127.0.0.1:0')
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'topspin.yaml')
  writeFileSync(file, ours)
  const listening = startForeign(t, name, theirs, folder, foreign)
  const serve = await startServe(
    ['--config', file],
    {},
    { listen: '127.0.0.1:0', deadlineMs: 90_000 },
  )
  t.after(() => serve.child.kill('SIGKILL'))
  await listening
  return { foreign, topspin: Number(new URL(serve.traffic).port) }
}

async function startForeign(
  t: TestContext,
  name: Foreign,
  text: string,
  folder: string,
  port: number,
): Promise<void> {
  const file = join(folder, `${name}.conf`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ')
  const around =
    name === 'haproxy'
      ? text
      : `daemon off; pid ${folder}/pid; error_log stderr error; events {}
http { access_log off; ${temporary}\n${text}\n}\n`
  writeFileSync(file, around)
  const args = name === 'haproxy' ? ['-f', file] : ['-p', folder, '-c', file]
  const child: ChildProcess = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part) => {
      output += part
    })
  t.after(() => {
    child.kill('SIGTERM')
  })
  await until(
    `${name} listens`,
    () =>
      get(port).then(
        () => true,
        () => false,
      ),
    10_000,
    () => output,
  )
}
