// Recorded exchanges with a real httpd, replayed in order on our control listener. Status, Type, Mess and body are the same,
// apart from the exceptions in the table below. Skipped when the recordings are missing.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ControlBench, controlBench } from '../../support/control-bench.ts'
import { exchange, parseResponses, type RawResponse } from '../../support/control-client.ts'

const recordings = fileURLToPath(new URL('../../../../../shared/recordings/', import.meta.url))

/** Folder, the order of its phases, and the ports at which a backend answered while it was recorded. */
const stories: readonly { folder: string; phases: readonly string[]; up: readonly number[] }[] = [
  { folder: '05-hand-mcmp', phases: [''], up: [8251] },
  {
    folder: '01-lifecycle-http',
    phases: ['start', 'deploy', 'jmx', 'undeploy', 'shutdown'],
    up: [8201],
  },
  { folder: '02-lifecycle-ajp', phases: ['all'], up: [8212] },
]

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
    name: /-(INFO|DUMP)-(one|many)/,
    decision: 45,
    why: 'aliases that arrived together share one vhost id (numbers masked on both sides)',
    adapt: (theirs) => ({ ...theirs, body: maskVhosts(theirs.body) }),
  },
  {
    name: /-STOP-APP-_/,
    decision: 44,
    why: 'one line with Requests=, so that a draining Java node finds it',
    adapt: (theirs) => ({ ...theirs, body: oneLine(theirs.body) }),
  },
]

const oneLine = (block: string): string =>
  block.replace(
    /^Type=STOP-APP-RSP\nJvmRoute=(.*)\nAlias=(.*) Contexts=(.*)\n\n$/,
    'Type=STOP-APP-RSP&JvmRoute=$1&Alias=$2&Context=$3&Requests=0\n',
  )

/** Traffic that only the recorded proxy had. */
const maskTraffic = (body: string): string =>
  body.replace(/Elected: \d+,Read: \d+,Transfered: \d+,Connected: \d+/g, 'TRAFFIC')

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
      ? maskTraffic(response.body).replace(/id=\d+/, 'id=ID')
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

for (const { folder, phases, up } of stories) {
  const path = `${recordings}${folder}/`
  const skip = existsSync(path) ? false : `no recordings at ${path}`
  const all = skip === false ? readdirSync(path).filter((name) => name.endsWith('.req')) : []
  const names = phases.flatMap((phase) => all.filter((name) => name.startsWith(phase)).sort())

  describe(`${folder}, recorded with a real httpd`, { skip }, () => {
    let bench: ControlBench
    before(async () => {
      bench = await controlBench({
        watch: { rules: () => [{ probe: 'auto', interval: 3_600_000 }] },
      })
      for (const port of up) bench.up.add(port)
    })
    after(() => bench.control.close())

    test('contains exchanges, all of them in a phase', () => {
      assert.ok(names.length > 0)
      assert.equal(names.length, all.length)
    })

    for (const name of names.map((file) => file.slice(0, -'.req'.length))) {
      const allowed = differences.filter((difference) => difference.name.test(name))
      const note = allowed.map(({ decision, why }) => ` (decision ${decision}: ${why})`).join('')
      test(`${name}${note}`, async () => {
        const ours = one(await exchange(bench.port, [readFileSync(`${path}${name}.req`)]))
        const theirs = one(readFileSync(`${path}${name}.res`, 'latin1'))
        const expected = allowed.reduce((response, { adapt }) => adapt(response), theirs)
        const grouped = allowed.some(({ decision }) => decision === 45)
        const masked = grouped ? { ...ours, body: maskVhosts(ours.body) } : ours
        assert.deepEqual(compared(masked), compared(expected))
        if (ours.fields.has('mess')) assert.equal(ours.fields.get('connection'), 'close')
      })
    }
  })
}
