// A raw client for the control listener: writes bytes and reads whole responses. For scenes.

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'

export interface RawResponse {
  readonly status: string
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

/** The responses in a stream of bytes: with Content-Length, chunked or without a body. */
export function parseResponses(text: string): RawResponse[] {
  const responses: RawResponse[] = []
  let rest = text
  while (rest !== '') {
    const at = rest.indexOf('\r\n\r\n')
    assert.ok(at >= 0, `unfinished response: ${rest.slice(0, 200)}`)
    const [status = '', ...lines] = rest.slice(0, at).split('\r\n')
    const fields = new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    rest = rest.slice(at + 4)
    if (status.startsWith('HTTP/1.1 100')) {
      responses.push({ status, fields, body: '' })
      continue
    }
    if (fields.get('transfer-encoding') === 'chunked') {
      let body = ''
      for (;;) {
        const line = rest.indexOf('\r\n')
        const size = Number.parseInt(rest.slice(0, line), 16)
        body += rest.slice(line + 2, line + 2 + size)
        rest = rest.slice(line + 4 + size)
        if (size === 0) break
      }
      responses.push({ status, fields, body })
      continue
    }
    const length = Number(fields.get('content-length'))
    assert.ok(rest.length >= length, 'body cut')
    responses.push({ status, fields, body: rest.slice(0, length) })
    rest = rest.slice(length)
  }
  return responses
}

/** Sends the pieces on one connection and waits until the server ends it. Half-closes by default. */
export function exchange(
  port: number,
  pieces: readonly (string | Uint8Array)[],
  options: { halfClose?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    const deadline = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end of the connection; so far: ${text}`))
    }, 8_000)
    socket.setEncoding('latin1')
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece)
      if (options.halfClose !== false) socket.end()
    })
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(deadline)
      resolve(text)
    })
  })
}

/** Sends one MCMP message on a connection of its own. */
export async function sendMessage(
  port: number,
  method: string,
  body = '',
  target = '/',
): Promise<RawResponse> {
  const text = `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const [response] = parseResponses(await exchange(port, [text]))
  assert.ok(response !== undefined, `no response to ${method} ${body}`)
  return response
}

/** Waits until a condition holds; fails after the deadline. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms = 5_000,
): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    assert.ok(Date.now() < end, `condition did not hold within ${ms} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
