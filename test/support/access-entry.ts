// The facts of a request for tests of what is done with them.

import type { AccessEntry } from '../../src/proxy/index.ts'

export const accessEntry = (given: Partial<AccessEntry> = {}): AccessEntry => ({
  time: 0,
  client: '10.0.0.1',
  remote: '10.0.0.1',
  method: 'GET',
  target: '/shop?q=1',
  host: 'shop.test',
  protocol: 'HTTP/1.1',
  tls: '',
  userAgent: '',
  status: 200,
  code: '',
  route: 'a',
  balancer: 'mycluster',
  context: '/shop',
  rule: '',
  attempts: 1,
  waitMs: 0.5,
  firstByteMs: 1.5,
  durationMs: 2,
  bytes: 100,
  bytesIn: 0,
  requestId: '',
  traceId: '',
  fields: [],
  ...given,
})
