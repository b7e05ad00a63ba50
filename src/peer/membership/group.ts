// The group of a peer, as it is written: places for datagrams, or servers of NATS with the name of a group. Pure.

import { type HostPort, parseHostPort } from '../../base/host-port.ts'
import type { NatsPlace } from '../../net/nats-connection.ts'
import { type MembershipOptions, peerDefaults } from '../options.ts'

/** Servers of NATS, and a group there. */
export interface NatsPlaceOfGroup extends NatsPlace {
  /** 1..64 letters, digits, `-` and `_`. */
  readonly name: string
}

export interface Group {
  /** Where announcements are sent; none where they go over NATS. */
  readonly places: readonly HostPort[]
  readonly nats: NatsPlaceOfGroup | undefined
}

const isNats = (text: string): boolean => /^(?:nats|tls):\/\//i.test(text.trim())

const textsOf = (value: MembershipOptions['group'] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? value.split(',') : value

/** Whether the package of NATS is needed. */
export const needsNats = ({ group }: Pick<MembershipOptions, 'group'>): boolean =>
  textsOf(group).some(isNats)

/** Adds what is wrong to `problems`. */
export function readGroup(options: MembershipOptions, problems: string[]): Group {
  const texts = textsOf(options.group)
  if (texts.some(isNats)) return { places: [], nats: readNats(texts, options, problems) }
  if (options.nats !== undefined) problems.push('nats: needs group nats://server:4222/NAME')
  const places = texts.flatMap((text) => {
    const place = parseHostPort(text, peerDefaults.groupPort)
    if (place === undefined)
      problems.push(
        `group "${text}": host:port, IPv6 addresses in brackets, or nats://server:4222/NAME`,
      )
    return place ?? []
  })
  if (places.length === 0 && problems.length === 0) problems.push('group: at least one host:port')
  return { places, nats: undefined }
}

function readNats(
  texts: readonly string[],
  { nats = {}, ttl, port }: MembershipOptions,
  problems: string[],
): NatsPlaceOfGroup | undefined {
  const servers: string[] = []
  const names = new Set<string>()
  for (const text of texts.map((each) => each.trim())) {
    const url = isNats(text) && URL.canParse(text) ? new URL(text) : undefined
    const [, name] = /^\/([A-Za-z0-9_-]{1,64})\/?$/.exec(url?.pathname ?? '') ?? []
    if (url === undefined || name === undefined || `${url.search}${url.hash}` !== '') {
      problems.push(
        `group "${withoutLogin(text)}": nats://server:4222/NAME or tls://server:4222/NAME`,
      )
      continue
    }
    servers.push(`${url.protocol}//${text.slice(url.protocol.length + 2).split('/', 1)[0]}`)
    names.add(name)
  }
  for (const [key, value] of Object.entries({ ttl, port }))
    if (value !== undefined) problems.push(`${key}: not with a group over NATS`)
  const [name] = names
  if (names.size > 1)
    problems.push(`group: one name for all servers of NATS, not ${[...names].join(' and ')}`)
  return name === undefined ? undefined : { servers, name, ...nats }
}

/** A problem and a log line show no password. */
export function withoutLogin(text: string): string {
  const scheme = text.indexOf('://')
  if (scheme === -1) return text
  const start = scheme + 3
  const path = text.indexOf('/', start)
  const at = text.slice(start, path === -1 ? undefined : path).lastIndexOf('@')
  return at === -1 ? text : text.slice(0, start) + text.slice(start + at + 1)
}
