// One request on a connection of its own, by Node.js, for checks outside the measurements.

import { request } from 'node:http'

export interface Question {
  readonly path: string
  /** POSTed when present. */
  readonly body?: string
  readonly chunked?: boolean
}

export interface Answer {
  readonly status: number
  readonly body: string
}

const deadlineMs = 5_000

/** @throws Error when the answer is not whole. */
export function fetchFrom(port: number, question: Question): Promise<Answer> {
  const { path, body, chunked = false } = question
  const length = body === undefined || chunked ? {} : { 'Content-Length': body.length }
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...length },
        agent: false,
        timeout: deadlineMs,
      },
      async (response) => {
        try {
          let text = ''
          for await (const part of response.setEncoding('latin1')) text += part
          resolve({ status: response.statusCode ?? 0, body: text })
        } catch (error) {
          reject(error)
        }
      },
    )
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${deadlineMs / 1e3} s`)))
    sent.on('error', reject)
    sent.end(body)
  })
}
