import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applyChange, emptySnapshot } from '../../../../src/cluster/snapshot.ts'
import { actionOf, isCommand } from '../../../../src/control/manager/action.ts'
import { readParameters } from '../../../../src/control/parameters.ts'
import { clusterOf, contextOf } from '../../../support/cluster-fixture.ts'

const snapshot = clusterOf([
  { route: 'a', domain: 'east', contexts: [contextOf('/shop', 'ENABLED', 'x.test')] },
  { route: 'b', domain: 'east' },
  { route: 'gone', domain: 'west', removal: 'marked' },
]).reduce(applyChange, emptySnapshot)

const action = (query: string) => actionOf(readParameters(query) ?? new Map(), snapshot)

test('INFO and DUMP are not commands that change something', () => {
  const is = (command: string): boolean => isCommand(new Map([['cmd', command]]))
  for (const command of ['ENABLE-APP', 'disable-app', 'STOP-APP', 'REMOVE-APP'])
    assert.equal(is(command), true, command)
  for (const command of ['', 'INFO', 'DUMP', 'CONFIG']) assert.equal(is(command), false, command)
})

test('a command on a context is one message about its aliases', () => {
  assert.deepEqual(action('Cmd=stop-app&Range=CONTEXT&JVMRoute=a&Alias=X.test&Context=/shop'), {
    kind: 'messages',
    messages: [
      {
        method: 'STOP-APP',
        wildcard: false,
        route: 'a',
        aliases: ['X.test'],
        contexts: ['/shop'],
      },
    ],
  })
})

test('a command on a node is one message about all of its contexts', () => {
  const all = { wildcard: true, aliases: [], contexts: [] }
  assert.deepEqual(action('Cmd=DISABLE-APP&Range=node&JVMRoute=b'), {
    kind: 'messages',
    messages: [{ method: 'DISABLE-APP', route: 'b', ...all }],
  })
})

test('a command on a domain is one message for each of its nodes', () => {
  const found = action('Cmd=ENABLE-APP&Range=DOMAIN&Domain=east')
  assert.ok(found.kind === 'messages')
  assert.deepEqual(
    found.messages.map(({ route, wildcard }) => [route, wildcard]),
    [
      ['a', true],
      ['b', true],
    ],
  )
})

describe('it is a problem when', () => {
  for (const [title, query, text] of [
    ['there is no such command', 'Cmd=CONFIG', /Command is not supported/],
    ['the node is unknown', 'Cmd=STOP-APP&Range=NODE&JVMRoute=z', /"z" JVMRoute/],
    ['the node is being removed', 'Cmd=STOP-APP&Range=NODE&JVMRoute=gone', /"gone" JVMRoute/],
    ['no node is in the domain', 'Cmd=STOP-APP&Range=DOMAIN&Domain=west', /domain "west"/],
    [
      'the node has no such context',
      'Cmd=STOP-APP&Range=CONTEXT&JVMRoute=a&Alias=x.test&Context=/none',
      /no context \/none/,
    ],
    [
      'the context has no such alias',
      'Cmd=STOP-APP&Range=CONTEXT&JVMRoute=a&Alias=x.test,y.test&Context=/shop',
      /on "y.test"/,
    ],
    ['the range is unknown', 'Cmd=STOP-APP&Range=ALL&JVMRoute=a', /Range is CONTEXT, NODE/],
  ] as const)
    test(title, () => {
      const found = action(query)
      assert.ok(found.kind === 'problem')
      assert.match(found.text, text)
    })
})
