// Still stage 7: the body of a response that a rule compresses, from the node through a compressor to the client.

import type { Coding } from '../../wire/http/accept-encoding.ts'
import { writeChunk, writeLastChunk } from '../../wire/http/chunked.ts'
import { fieldLine } from '../../wire/http/field-lines.ts'
import type { Fields } from '../../wire/http/fields.ts'
import type { ResponseHead } from '../../wire/http/response-head.ts'
import type { ResponseStage } from '../exchange-state.ts'
import { variesByCoding } from '../rules/compression.ts'
import { type CompressedReceiver, Compressor } from '../rules/compressor.ts'
import { noLine, rewriteHead } from './head-rewrite.ts'

const varyLine = Buffer.from('Vary: Accept-Encoding\r\n')
const codingLines = {
  br: Buffer.from('Content-Encoding: br\r\n'),
  gzip: Buffer.from('Content-Encoding: gzip\r\n'),
}

/**
 * Sets `response.compressor` where the rule says so and the client accepts a coding, and changes the head.
 * @returns the result of parsing the changed head: negative when it is too large.
 */
export function beginCompression(state: ResponseStage, receiver: CompressedReceiver): number {
  const { request, response, traffic } = state
  const { head } = response
  const { compression } = request.rule ?? {}
  if (compression === undefined || head.status < 200) return 0
  if (head.status === notModified) return asRevalidated(head, request.weakTags)
  if (!compression.suits(head)) return 0
  const vary = variesByCoding(head.fields) ? noLine : varyLine
  const { coding } = request
  // HTTP/1.0 has no chunks, and what is compressed has no length before it has ended.
  const mayBe = coding !== undefined && request.head.minor === 1
  // As the response to GET would be [RFC 9110 9.3.2].
  if (mayBe && request.head.isHead) {
    const edited = asCompressed(head, coding, vary)
    head.contentLength = -1
    return edited
  }
  const isBody = mayBe && head.framing(false) !== 'none'
  const compressor = isBody ? Compressor.begin(coding, receiver) : undefined
  if (isBody && compressor === undefined) traffic.counters.compressionsRefused++
  if (compressor === undefined)
    return vary === noLine ? 0 : rewriteHead(head, () => undefined, vary)
  traffic.counters.compressions++
  response.compressor = compressor
  return asCompressed(head, compressor.coding, vary)
}

function asCompressed(head: ResponseHead, coding: Coding, vary: Buffer): number {
  const added = Buffer.concat([codingLines[coding], vary])
  return rewriteHead(head, (field) => fieldOfCompressed(head, field), added)
}

/**
 * A client that asks with the weak validator of a compressed response gets it again, with the Vary of that response:
 * otherwise a cache would not find what the 304 is about [RFC 9111 4.3.4].
 */
function asRevalidated(head: ResponseHead, weakTags: string): number {
  const { fields } = head
  const field = fields.indexOf(etag)
  const isWeakened = field >= 0 && weakTags.includes(`W/${fields.value(field)}`)
  if (!isWeakened) return 0
  const vary = variesByCoding(fields) ? noLine : varyLine
  return rewriteHead(head, (other) => (other === field ? weakened(fields, field) : undefined), vary)
}

const notModified = 304
const etag = Buffer.from('etag')

const weakened = (fields: Fields, field: number): Buffer =>
  fieldLine('ETag', `W/${fields.value(field)}`)

/** The bytes are not those that a strong validator is for [RFC 9110 8.8.3], nor those that ranges are counted in. */
function fieldOfCompressed({ fields }: ResponseHead, field: number): Buffer | undefined {
  const name = fields.name(field)
  if (name === 'accept-ranges') return noLine
  if (name !== 'etag' || !fields.value(field).startsWith('"')) return undefined
  return weakened(fields, field)
}

/** Sends a piece of the compressed body. @returns false when the client reads slower. */
export function deliverCompressed(state: ResponseStage, bytes: Buffer): boolean {
  const { response, client, traffic } = state
  traffic.counters.compressedBytes += bytes.length
  if (client.framed !== undefined) {
    response.bytesOut += bytes.length
    return client.answerData(bytes, false)
  }
  const out = traffic.buffers.answer
  writeChunk(bytes, 0, bytes.length, out)
  return sendOut(state)
}

/** Sends the end of the compressed body. */
export function deliverCompressedEnd(state: ResponseStage): void {
  const { client, traffic, response } = state
  const { trailers } = response
  if (client.framed === undefined) {
    writeLastChunk(traffic.buffers.answer, trailers)
    sendOut(state)
  } else if (trailers === undefined) client.answerData(noLine, true)
  else client.framed.answerTrailers(trailers)
}

function sendOut({ response, client, traffic }: ResponseStage): boolean {
  const out = traffic.buffers.answer
  response.bytesOut += out.length
  const hasLeft = client.answerData(out.content, false)
  if (hasLeft) out.clear()
  else out.detach()
  return hasLeft
}
