// `topspin serve` that is replaced by `topspin upgrade`, for scenes.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { UpgradeOutcome } from '../../src/control/operations.ts'
import { type Ended, type Running, startTopspin } from './topspin.ts'
import { socketFolder } from './unix-client.ts'

export interface UpgradedProxy extends Running {
  readonly traffic: readonly string[]
  readonly control: string
}

/**
 * Starts it with this configuration, in a file that it returns, or with a program and its arguments. All processes that
 * follow it end with the test.
 */
export async function startProxy(
  t: TestContext,
  text: string | readonly string[],
  env: object = {},
): Promise<UpgradedProxy & { file: string }> {
  const file = join(socketFolder(t), 'topspin.yaml')
  if (typeof text === 'string') writeFileSync(file, text)
  const more = { env, isGroup: true, deadlineMs: 300_000 }
  const running =
    typeof text === 'string'
      ? startTopspin(['serve', '--config', file], more)
      : startTopspin(text.slice(1), { ...more, script: text[0] ?? '' })
  t.after(() => endGroup(running))
  const [, traffic = '', control = ''] = await running.sees(
    /"traffic":\[([^\]]+)\],"control":"https?:\/\/([^"/]+)/,
  )
  return { ...running, file, control, traffic: JSON.parse(`[${traffic}]`) as string[] }
}

function endGroup({ child }: Running): void {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL')
  } catch {
    // All of its processes have ended.
  }
}

export const upgrade = (proxy: Pick<UpgradedProxy, 'control'>): Promise<Ended> =>
  // On a busy machine the next program takes long to start.
  startTopspin(['upgrade', '--control', proxy.control, '--json'], { deadlineMs: 110_000 }).ended

export async function upgraded(
  proxy: Pick<UpgradedProxy, 'control'>,
): Promise<Extract<UpgradeOutcome, { ok: true }>> {
  const { code, stdout, stderr } = await upgrade(proxy)
  assert.equal(code, 0, stdout + stderr)
  return JSON.parse(stdout) as Extract<UpgradeOutcome, { ok: true }>
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
