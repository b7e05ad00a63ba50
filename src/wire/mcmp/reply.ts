// Replies as values and as bytes (mcmp.md 1.5, 1.6, decisions 5, 25, 41 to 44). `parseReply` is for clients, which read lines
// such as `Type=..&State=..`.

import type { NodeOrder } from './message.ts'
import { writeNodeOrder } from './node-order.ts'
import type { McmpProblem } from './problem.ts'
import { protocolVersion } from './version.ts'
import { escapeXml } from './xml.ts'

export interface Success {
  readonly ok: true
  readonly body: string
  /** Absent: no Content-Type, as for CONFIG and commands for a whole node (mcmp.md decision 42). */
  readonly contentType?: 'text/plain' | 'text/xml'
  /** Why the state in it is NOTOK; a field of the head, which other agents ignore. */
  readonly reason?: string
  /** What the proxies know the node to have said last, where the message was older. */
  readonly order?: NodeOrder
}

/** The HTTP field with the reason of `State=NOTOK`, in lower case, as Node.js reads it. */
export const reasonField = 'topspin-reason'

export type Reply = Success | McmpProblem

/** Longest `Mess`, bytes (mcmp.md decision 25). */
const messBytesMax = 1024

export const emptyReply: Success = { ok: true, body: '' }
export const textReply = (body: string): Success => ({ ok: true, body, contentType: 'text/plain' })
export const xmlReply = (body: string): Success => ({ ok: true, body, contentType: 'text/xml' })

export interface ReplyOptions {
  /** The connection stays open after a success; after an error it is closed. */
  readonly keepAlive: boolean
}

/** The complete HTTP response. */
export function writeReply(reply: Reply, options: ReplyOptions): Uint8Array {
  const connection = options.keepAlive && reply.ok ? 'Keep-Alive' : 'close'
  if (reply.ok) {
    const type = reply.contentType === undefined ? '' : `Content-Type: ${reply.contentType}\r\n`
    const reason =
      reply.reason === undefined ? '' : `Topspin-Reason: ${headerText(reply.reason)}\r\n`
    const order =
      reply.order === undefined ? '' : `Topspin-Order: ${writeNodeOrder(reply.order)}\r\n`
    return response('200 OK', `${type}${reason}${order}Connection: ${connection}\r\n`, reply.body)
  }
  const mess = headerText(reply.text)
  const head = `Version: ${protocolVersion}\r\nType: ${reply.type}\r\nMess: ${mess}\r\nContent-Type: text/plain\r\nConnection: close\r\n`
  return response('500 Internal Server Error', head, `${escapeXml(mess)}\n`)
}

function response(status: string, head: string, body: string): Uint8Array {
  return Buffer.from(
    `HTTP/1.1 ${status}\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** One line of ASCII: control characters removed, other characters percent-encoded, at most 1 KiB. */
function headerText(text: string): string {
  let out = ''
  for (const sign of text.replace(/[\u0000-\u001f\u007f]/g, '')) {
    const encoded =
      sign > '~' ? encodeURIComponent(/\p{Surrogate}/u.test(sign) ? '\ufffd' : sign) : sign
    if (out.length + encoded.length > messBytesMax) break
    out += encoded
  }
  return out === '' ? 'unknown problem' : out
}

type State = 'OK' | 'NOTOK'

/** `Type=PING-RSP&State=OK&id=...`, with the route if the PING had one. */
export function pingReply(route: string | undefined, state: State, id: string): Success {
  const named = route === undefined ? '' : `JVMRoute=${pairValue(route)}&`
  return textReply(`Type=PING-RSP&${named}State=${state}&id=${id}\n`)
}

export const statusReply = (route: string, state: State, id: string): Success =>
  textReply(`Type=STATUS-RSP&JVMRoute=${pairValue(route)}&State=${state}&id=${id}\n`)

/** Of a reply to STATUS, in which a route holds no `&`. */
export const saysNotOk = (body: string): boolean => body.includes('&State=NOTOK&')

interface TouchedAlias {
  readonly alias: string
  readonly contexts: readonly string[]
}

/** Reply to ENABLE-, DISABLE- and REMOVE-APP on contexts: a block for each alias with a touched context (mcmp.md decision 43). */
export function appReply(
  type: 'ENABLE-APP' | 'DISABLE-APP' | 'REMOVE-APP',
  route: string,
  touched: readonly TouchedAlias[],
): Success {
  const blocks = touched.map(
    ({ alias, contexts }) => `\nAlias=${alias} Contexts=${contexts.join(',')}\n`,
  )
  return textReply(`Type=${type}-RSP\nJvmRoute=${route}${blocks.join('')}\n`)
}

/** Reply to STOP-APP on contexts: one line, so that a draining Java node finds `Requests=` (mcmp.md decision 44). */
export function stopReply(
  route: string,
  aliases: readonly string[],
  contexts: readonly string[],
  requests: number,
): Success {
  const [names, paths] = [aliases.map(pairValue).join(','), contexts.map(pairValue).join(',')]
  return textReply(
    `Type=STOP-APP-RSP&JvmRoute=${pairValue(route)}&Alias=${names}&Context=${paths}&Requests=${requests}\n`,
  )
}

const requestsAtEnd = /Requests=(\d{1,9})$/

/**
 * The requests in flight in a reply to STOP-APP, of Topspin and httpd 1.3, or of Undertow, which puts nothing between
 * the pairs. `undefined` for the reply of today's httpd, which has none.
 */
export function requestsIn(text: string): number | undefined {
  const found = requestsAtEnd.exec(text.trimEnd())
  return found === null ? undefined : Number(found[1])
}

/** Encodes only characters that would end the value: Java and httpd neither encode nor decode here. */
const pairValue = (text: string): string => text.replaceAll('&', '%26').replaceAll('=', '%3D')

/** The pairs of a one-line reply; the first one of a key applies. Empty for any other text. Keys are case-sensitive. */
export function parseReply(text: string): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const part of text.trim().split('&')) {
    const at = part.indexOf('=')
    if (at <= 0 || /[\r\n]/.test(part)) continue
    const key = part.slice(0, at)
    if (!pairs.has(key))
      pairs.set(
        key,
        part
          .slice(at + 1)
          .replaceAll('%26', '&')
          .replaceAll('%3D', '='),
      )
  }
  return pairs
}
