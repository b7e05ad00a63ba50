// The options of a Connection field [RFC 9110 7.6.1].

import { equalsName } from './field-name.ts'
import { text } from './fields.ts'

interface ConnectionOptions {
  readonly close: boolean
  readonly keepAlive: boolean
  readonly upgrade: boolean
  /** Other names, in lower case: hop-by-hop fields. */
  readonly nominated: readonly string[]
}

const keepAliveBytes = Buffer.from('keep-alive')
const closeBytes = Buffer.from('close')
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

const onlyKeepAlive: ConnectionOptions = {
  close: false,
  keepAlive: true,
  upgrade: false,
  nominated: [],
}
const onlyClose: ConnectionOptions = {
  close: true,
  keepAlive: false,
  upgrade: false,
  nominated: [],
}

/** Members that are no tokens name no field, and are left out. */
export function readConnection(bytes: Buffer, from: number, to: number): ConnectionOptions {
  if (equalsName(bytes, from, to, keepAliveBytes)) return onlyKeepAlive
  if (equalsName(bytes, from, to, closeBytes)) return onlyClose
  const names = text(bytes, from, to)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => token.test(name))
  return {
    close: names.includes('close'),
    keepAlive: names.includes('keep-alive'),
    upgrade: names.includes('upgrade'),
    nominated: names.filter(
      (name) => name !== 'close' && name !== 'keep-alive' && name !== 'upgrade',
    ),
  }
}
