// HTTP over a unix socket, for scenes; and a folder for sockets.

import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

interface UnixAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export function socketFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Rejects when nobody answers there. */
export function getOverUnix(
  socketPath: string,
  path: string = '/',
  headers: Record<string, string> = {},
): Promise<UnixAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
