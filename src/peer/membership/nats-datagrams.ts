// Announcements over NATS in place of datagrams. Questions go from peer to peer as datagrams, as in every group: they are
// answered within milliseconds or not at all.

import type { RemoteInfo } from 'node:dgram'
import { present } from '../../base/environment.ts'
import type { HostPort } from '../../base/host-port.ts'
import type { Logger } from '../../base/log.ts'
import { type Datagrams, openDatagrams } from '../../net/datagram.ts'
import { NatsGroup } from '../../net/nats-group.ts'
import type { NatsPlaceOfGroup } from './group.ts'

export interface NatsDatagramsOptions {
  readonly group: NatsPlaceOfGroup
  /** Of this peer. */
  readonly name: string
  /** Called with each announcement; must not throw. */
  readonly onAnnouncement: (bytes: Buffer) => void
  /** Called with each datagram to the port where questions are asked; absent: there is no such port. */
  readonly onQuestion?: ((bytes: Buffer, from: RemoteInfo) => void) | undefined
  /** Address family of that port. */
  readonly family: 4 | 6
  readonly interface?: string | undefined
  readonly log: Logger
}

export function openNatsDatagrams(options: NatsDatagramsOptions): Datagrams {
  const { group, name, onAnnouncement, onQuestion, family, log } = options
  const announcements = new NatsGroup({
    place: group,
    subject: `tsp.peer.${group.name}`,
    name: `topspin ${name}`,
    onMessage: onAnnouncement,
    log,
  })
  const questions = openDatagrams({
    to: [],
    log,
    ...(onQuestion === undefined ? {} : { onDatagram: onQuestion, ownPort: family }),
    ...present({ interface: options.interface }),
  })
  return {
    ready: Promise.all([announcements.ready, questions.ready]).then(() => undefined),
    get ports() {
      return questions.ports
    },
    get own() {
      return questions.own
    },
    send: (bytes: Uint8Array) => announcements.send(bytes),
    sendFromOwn: (bytes: Uint8Array, to: HostPort) => questions.sendFromOwn(bytes, to),
    async close() {
      await Promise.all([announcements.close(), questions.close()])
    },
  }
}
