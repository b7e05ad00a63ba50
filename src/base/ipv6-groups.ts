// IPv6 addresses as numbers. Pure.

import { isIP } from 'node:net'

/** The eight numbers of an IPv6 address; `undefined` for anything else. */
export function groupsOf(address: string): number[] | undefined {
  const [plain = ''] = address.split('%', 1)
  if (isIP(plain) !== 6) return undefined
  const last = plain.slice(plain.lastIndexOf(':') + 1)
  const v4 = last.includes('.') ? last.split('.').map(Number) : undefined
  const [p = 0, q = 0, r = 0, s = 0] = v4 ?? []
  const tail = v4 === undefined ? last : `${hex(p, q)}:${hex(r, s)}`
  const [head = '', behind] = (plain.slice(0, plain.length - last.length) + tail).split('::')
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  if (behind === undefined) return numbers(head)
  const [before, after] = [numbers(head), numbers(behind)]
  const gap = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return [...before, ...gap, ...after]
}

const hex = (high: number, low: number): string => (high * 256 + low).toString(16)
