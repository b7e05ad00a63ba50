// IP addresses of PROXY headers as bytes and as text. Pure.

import { SocketAddress } from 'node:net'
import { groupsOf } from '../../base/ipv6-groups.ts'

/** As sockets show it: the shortest form in lower case [RFC 5952]. @param address IPv4 or IPv6, without zone. */
export const canonicalAddress = (address: string): string =>
  address.includes(':') ? new SocketAddress({ address, family: 'ipv6' }).address : address

/** @param length 4 or 16. */
export function readAddress(bytes: Buffer, from: number, length: number): string {
  if (length === 4) return bytes.subarray(from, from + 4).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(from + 2 * i).toString(16))
  return canonicalAddress(groups.join(':'))
}

/** 16 bytes; an IPv4 address is written in its IPv6 form, `::ffff:1.2.3.4`. */
export function ipv6Bytes(address: string): Buffer {
  const bytes = Buffer.alloc(16)
  const groups = groupsOf(address.includes(':') ? address : `::ffff:${address}`) ?? []
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, 2 * index)
  return bytes
}

export const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number))
