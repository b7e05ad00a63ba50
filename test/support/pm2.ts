// The PM2 of test/interop, installed from npm on the first run, with a daemon and a folder of its own for each test.

import { spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'

const project = fileURLToPath(new URL('../../../test/interop/pm2/', import.meta.url))
const target = join(project, 'target')
const program = join(target, 'node_modules', 'pm2', 'bin', 'pm2')
const installMs = 180_000

/** Why there is no PM2 here; `undefined` when there is one. */
export function whyNoPm2(): Promise<string | undefined> {
  return underLock(join(project, 'target.lock'), installMs, install)
}

function install(): string | undefined {
  if (existsSync(program)) return undefined
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target)
  copyFileSync(join(project, 'package.json'), join(target, 'package.json'))
  const order = ['install', '--no-audit', '--no-fund', '--omit=optional', '--no-package-lock']
  const { status, stderr } = spawnSync('npm', order, {
    cwd: target,
    encoding: 'utf8',
    timeout: installMs,
  })
  if (status === 0) return undefined
  rmSync(target, { recursive: true, force: true })
  const reason = stderr.split('\n').find((line) => line.includes('npm')) ?? 'it did not end in time'
  return `npm could not install PM2: ${reason.slice(0, 300)}`
}

/** One application as ecosystem files describe it. */
export type Pm2App = Readonly<Record<string, unknown>> & { readonly name: string }

/** As `pm2 jlist` describes a process. */
interface Pm2Process {
  readonly name: string
  readonly pid: number
  readonly pm2_env: { readonly status: string; readonly restart_time: number }
}

export class Pm2 {
  readonly folder: string
  readonly #environment: NodeJS.ProcessEnv

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'topspin-pm2-'))
    this.#environment = { ...process.env, PM2_HOME: join(this.folder, 'home') }
    t.after(async () => {
      await this.run('kill')
      rmSync(this.folder, { recursive: true, force: true })
    })
  }

  /** Starts an application, and resolves when PM2 says that it has. */
  async start(app: Pm2App): Promise<void> {
    const file = join(this.folder, `${app.name}.config.json`)
    writeFileSync(file, JSON.stringify({ apps: [{ ...app, cwd: process.cwd() }] }))
    await this.run('start', file)
  }

  /** @returns standard output. */
  run(...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], { env: this.#environment })
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part) => {
          text += part
        })
      child.once('error', reject)
      child.once('close', (code) =>
        code === 0 ? resolve(text) : reject(new Error(`pm2 ${args.join(' ')}: ${text}`)),
      )
    })
  }

  /** What the daemon and the applications have logged. */
  logs(): string {
    const home = join(this.folder, 'home')
    const files = readdirSync(join(home, 'logs')).map((name) => join(home, 'logs', name))
    return [...files, join(home, 'pm2.log')]
      .map((file) => `${file}:\n${readFileSync(file, 'utf8')}`)
      .join('\n')
  }

  async processes(): Promise<readonly Pm2Process[]> {
    const text = await this.run('jlist')
    return JSON.parse(text.slice(text.indexOf('['))) as Pm2Process[]
  }
}
