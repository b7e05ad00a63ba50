// The protocols of probes: the bytes of a question, and what the bytes of an answer mean (mcmp.md 2.5). Pure.

import { type HostPort, hostPortText } from '../base/host-port.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import type { HttpQuestion } from '../cluster/health-rule.ts'

export interface Dialect {
  readonly request: Uint8Array
  /** The result of the bytes received so far; `undefined` while more are needed. */
  verdict(bytes: Buffer): Verdict | undefined
}

interface Verdict {
  readonly answered: boolean
  readonly reason: string
}

const answered: Verdict = { answered: true, reason: 'answered' }

/** CPING and CPONG. */
export const cping: Dialect = {
  request: Buffer.from([0x12, 0x34, 0x00, 0x01, 0x0a]),
  verdict(bytes) {
    const begins = beginsWith(bytes, cpong)
    if (begins === false) return { answered: false, reason: 'the port does not speak AJP' }
    return begins ? answered : undefined
  },
}

const cpong = Buffer.from([0x41, 0x42, 0x00, 0x01, 0x09])
const version = Buffer.from('HTTP/1.')
/** `HTTP/1.1 200` */
const statusLineMin = 12

const ownHost = (address: HostPort): string =>
  isUnixAddress(address.host) ? 'localhost' : hostPortText(address)

/** A request, and the statuses of its final response that are an answer. */
export function httpDialect(
  { method, path, host, expect }: HttpQuestion,
  address: HostPort,
): Dialect {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host === '' ? ownHost(address) : host}`,
    'User-Agent: topspin',
    'Connection: close',
  ]
  const verdict = (bytes: Buffer): Verdict | undefined => {
    const begins = beginsWith(bytes, version)
    if (begins === false) return { answered: false, reason: 'the port does not speak HTTP' }
    if (begins === undefined || bytes.length < statusLineMin) return undefined
    const status = Number(bytes.toString('latin1', 9, statusLineMin))
    if (status >= 100 && status < 200 && status !== switchingProtocols) {
      const end = bytes.indexOf('\r\n\r\n')
      return end < 0 ? undefined : verdict(bytes.subarray(end + 4))
    }
    if (expect.some(([low, high]) => status >= low && status <= high)) return answered
    return { answered: false, reason: `${method} ${path} was answered by status ${status}` }
  }
  return { request: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), verdict }
}

const switchingProtocols = 101

/** `undefined` while the bytes end before the beginning is complete. */
function beginsWith(bytes: Buffer, beginning: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, beginning.length)
  if (bytes.compare(beginning, 0, length, 0, length) !== 0) return false
  return length === beginning.length ? true : undefined
}
