// The first configuration file that `topspin init` writes, and the schema for editors that it names.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readConfig } from '../../../src/config/config.ts'
import { firstFile } from '../../../src/config/first-file.ts'

const given = {
  listen: '0.0.0.0:80',
  control: '10.0.0.1:6666',
  to: ['10.0.0.5:3000', '[::1]:3001'],
  secret: 'a-secret-of-24-characters',
  schema: 'topspin.schema.json',
}

const schema = JSON.parse(
  readFileSync(new URL('../../../../contrib/topspin.schema.json', import.meta.url), 'utf8'),
)

interface Ajv {
  compile(schema: object): (data: unknown) => boolean
}
/** Of fastify. */
const { default: Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as {
  default: new (options: object) => Ajv
}
const isValid = new Ajv2020({ strict: false }).compile(schema)

function configOf(text: string): object {
  const result = readConfig({ file: { name: 'topspin.yaml', text }, environment: {}, flags: [] })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

test('the first file says what was given', () => {
  const text = firstFile(given)
  assert.match(text, /^# yaml-language-server: \$schema=topspin\.schema\.json\n/)
  assert.deepEqual(parse(text), {
    listen: '0.0.0.0:80',
    control: { listen: '10.0.0.1:6666', secret: given.secret },
    to: given.to,
    timeouts: { drain: '25s' },
  })
  configOf(text)
})

test('every key that the first file shows as a comment is right when the comment becomes a key', () => {
  const text = firstFile({ ...given, to: [], secret: '' })
  const open = text.replace(/^( *)# ((?: {2})?[a-zA-Z]+:.*)$/gm, '$1$2').replace(/^yaml-.*\n/, '')
  for (const key of ['to', 'tls', 'state', 'accessLog', 'trust']) assert.ok(key in parse(open), key)
  configOf(open)
  assert.ok(isValid(parse(open)))
})

test('the schema for editors accepts short forms and lists of one, and refuses unknown keys', () => {
  for (const text of [
    firstFile(given),
    'listen: 8000\nto: 10.0.0.1:80\ntrust: 10.0.0.0/8\naccessLog: stdout\nsticky: { insert: off }\n',
    'health: { path: /up, interval: 5s }\nlisten: [{ at: unix:/run/a.sock, mode: 660 }]\ntimeouts: { drain: 500 }\n',
  ]) {
    configOf(text)
    assert.ok(isValid(parse(text)), text)
  }
  assert.ok(!isValid({ lisen: '127.0.0.1:80' }))
  assert.ok(!isValid({ timeouts: { drian: '25s' } }))
  assert.ok(!isValid({ trust: { form: '10.0.0.0/8' } }))
})
