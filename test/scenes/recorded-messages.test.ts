// The recorded exchanges with a real httpd, replayed in order against our control listener: status, Type,
// Mess and body are the same but for what the table below allows. Skipped where the recordings are not.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ControlBench, controlBench } from '../support/control-bench.ts'
import { exchange, parseResponses, type RawResponse } from '../support/control-client.ts'

const folder = fileURLToPath(
  new URL('../../../../shared/recordings/05-hand-mcmp/', import.meta.url),
)
const present = existsSync(folder)
if (!present) console.log(`skipped: no recordings at ${folder}`)

/** Where we differ on purpose, with the decision of mcmp.md section 9. */
const differences: readonly {
  name: RegExp
  decision: number
  why: string
  adapt: (theirs: RawResponse) => RawResponse
}[] = [
  {
    name: /^008-PING-star$/,
    decision: 3,
    why: 'a bare star is a wildcard target, not a bad request',
    adapt: () => ({
      status: 'HTTP/1.1 200 OK',
      fields: new Map([['content-type', 'text/plain']]),
      body: 'Type=PING-RSP&State=OK&id=ID\n',
    }),
  },
  {
    name: /-VERSION/,
    decision: 41,
    why: 'our release name',
    adapt: (theirs) => ({
      ...theirs,
      body: theirs.body.replace('mod_proxy_cluster/2.0.0.Dev', 'mod_cluster/2.0.0.Final'),
    }),
  },
  {
    name: /-(057-INFO|INFO-one|INFO-many|DUMP-one)/,
    decision: 45,
    why: 'aliases that arrived together share one vhost id (numbers masked on both sides)',
    adapt: (theirs) => ({ ...theirs, body: maskVhosts(theirs.body) }),
  },
]

/** Vhost numbers, and the runs of spaces that httpd has in the XML of DUMP (1.6: ignored). */
const maskVhosts = (body: string): string =>
  body
    .replace(/\[(\d+):\d+:(\d+)\]/g, '[$1:V:$2]')
    .replace(/vhost: \d+/g, 'vhost: V')
    .replace(/<Vhost id="\d+"/g, '<Vhost id="V"')
    .replace(/<Vhost>\d+</g, '<Vhost>V<')
    .replace(/ {27,}/g, '')

interface Compared {
  readonly status: string
  readonly type: string | undefined
  readonly mess: string | undefined
  readonly contentType: string | undefined
  readonly body: string
}

/** The body of an error is free as long as there is one (decision 25); ids differ from run to run (50). */
function compared(response: RawResponse): Compared {
  const ok = response.status.startsWith('HTTP/1.1 200')
  return {
    status: response.status,
    type: response.fields.get('type'),
    mess: response.fields.get('mess'),
    contentType: ok ? response.fields.get('content-type') : undefined,
    body: ok
      ? response.body.replace(/id=\d+/, 'id=ID')
      : response.body === ''
        ? 'empty'
        : 'something',
  }
}

const one = (text: string): RawResponse => {
  const [response, ...more] = parseResponses(text)
  assert.ok(response !== undefined && more.length === 0)
  return response
}

describe('recorded exchanges of a real httpd', { skip: !present }, () => {
  const names = present
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.req'))
        .map((name) => name.slice(0, -4))
        .sort()
    : []
  let bench: ControlBench
  before(async () => {
    bench = await controlBench({ idleProbeMs: 3_600_000 })
    // The one backend of the recordings that answered.
    bench.up.add(8251)
  })
  after(() => bench.control.close())

  test('are all there', () => assert.equal(names.length, 80))

  for (const name of names) {
    const allowed = differences.filter((difference) => difference.name.test(name))
    const note = allowed.map(({ decision }) => `, decision ${decision}`).join('')
    test(`${name}${note}`, async () => {
      const ours = one(await exchange(bench.port, [readFileSync(`${folder}${name}.req`)]))
      const theirs = one(readFileSync(`${folder}${name}.res`, 'latin1'))
      const expected = allowed.reduce((response, { adapt }) => adapt(response), theirs)
      const masked = allowed.some(({ decision }) => decision === 45)
        ? { ...ours, body: maskVhosts(ours.body) }
        : ours
      assert.deepEqual(compared(masked), compared(expected))
      if (ours.fields.has('mess')) assert.equal(ours.fields.get('connection'), 'close')
    })
  }
})
