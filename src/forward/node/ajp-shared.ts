// State that all AJP connections of one process share: the settings, and the buffers in which packets are assembled.

import { ajpLimits } from '../../base/limits.ts'
import { Packet } from '../../wire/ajp/packet.ts'
import { isValue } from '../../wire/http/bytes.ts'
import { Out } from '../../wire/http/out.ts'
import { RequestHead } from '../../wire/http/request-head.ts'
import type { AjpSettings } from '../shared/settings.ts'

/** The packet limits the head, which has passed the limits of a client's request. */
const unlimited = {
  fieldBytes: Number.POSITIVE_INFINITY,
  totalBytes: Number.POSITIVE_INFINITY,
  count: Number.POSITIVE_INFINITY,
}

export class AjpShared {
  readonly packetBytes: number
  /** `undefined`: none is sent. */
  readonly secret: string | undefined
  /** The request head that is translated now; valid during one call. */
  readonly head: RequestHead = new RequestHead(unlimited)
  readonly packet: Packet
  /** The packets that leave in one write. */
  readonly out: Out

  /** @throws RangeError for a packet size out of bounds, and for a secret that cannot be sent. */
  constructor({ packetBytes, secret }: AjpSettings) {
    const { packetBytesMin, packetBytesMax } = ajpLimits
    if (!(packetBytes >= packetBytesMin && packetBytes <= packetBytesMax))
      throw new RangeError(`ajp.packetBytes must be ${packetBytesMin} to ${packetBytesMax}`)
    const isSendable = [...secret].every((character) => isValue[character.charCodeAt(0)] === 1)
    if (!isSendable || secret.length > packetBytesMin / 2)
      throw new RangeError(
        `ajp.secret: ${packetBytesMin / 2} characters at most, no control characters`,
      )
    this.packetBytes = packetBytes
    this.secret = secret === '' ? undefined : secret
    this.packet = new Packet(packetBytes)
    this.out = new Out(2 * packetBytes)
  }
}
