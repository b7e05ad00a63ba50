// A child process of a scene: what it said so far, how it ended; killed at the end of the test.

import { type ChildProcess, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  output(): string
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

export function startChild(
  t: TestContext,
  args: readonly string[],
  environment: Record<string, string> = {},
  cwd: string = process.cwd(),
): Child {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...environment } })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += part
    })
  }
  t.after(() => child.kill('SIGKILL'))
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? ''))
  })
  return { process: child, output: () => text, ended }
}

/** Path of a compiled file below dist/. */
export function built(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}
