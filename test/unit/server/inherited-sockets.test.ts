import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostPortText, parseSocketAddress } from '../../../src/base/host-port.ts'
import { readConfig } from '../../../src/config/config.ts'
import {
  type InheritedSocket,
  type ListenPlace,
  listenPlaces,
  type SocketUse,
} from '../../../src/server/inherited-sockets.ts'

function socket(fd: number, name: string, at: string): InheritedSocket {
  const address = parseSocketAddress(at) ?? assert.fail(at)
  return { name, fd, address, handle: { fd, listen: () => 0, close: () => {} } }
}

const text = ({ entry, inherited }: ListenPlace): string =>
  `${entry.tls === true ? 'https://' : ''}${hostPortText(entry)} ${inherited?.fd ?? 'own'}`

function placesOf(config: string, ...sockets: InheritedSocket[]) {
  const result = readConfig({ file: { name: 'x', text: config }, environment: {}, flags: [] })
  assert.ok(result.ok)
  const places = listenPlaces(result.config, sockets)
  return {
    traffic: places.traffic.map(text),
    control: text(places.control),
    console: places.console && text(places.console),
    unused: places.unused.map(({ fd }) => fd),
  }
}

const none = { console: undefined, unused: [] }

test('without inherited sockets all addresses are opened', () => {
  assert.deepEqual(placesOf('listen: [8000, https://8001]'), {
    traffic: ['127.0.0.1:8000 own', 'https://127.0.0.1:8001 own'],
    control: '127.0.0.1:6666 own',
    ...none,
  })
})

test('with the default listen, inherited sockets are those of the traffic', () => {
  const places = placesOf('', socket(3, 'a', '0.0.0.0:80'), socket(4, 'b', 'unix:/run/a.sock'))
  assert.deepEqual(places, {
    traffic: ['0.0.0.0:80 3', 'unix:/run/a.sock 4'],
    control: '127.0.0.1:6666 own',
    ...none,
  })
})

test('sockets named control and console are those of these keys', () => {
  const places = placesOf(
    'control: { console: 8080 }',
    socket(3, 'console', '10.0.0.1:1'),
    socket(4, 'control', 'unix:/run/c.sock'),
    socket(5, 'x', '0.0.0.0:80'),
  )
  assert.deepEqual(places, {
    traffic: ['0.0.0.0:80 5'],
    control: 'unix:/run/c.sock 4',
    console: '10.0.0.1:1 3',
    unused: [],
  })
})

test('an address names a socket by name or number, and keeps its own options', () => {
  const places = placesOf(
    'listen: [https://fd:web, fd:5]',
    socket(3, 'web', '0.0.0.0:443'),
    socket(4, 'web', '[::]:443'),
    socket(5, '', '0.0.0.0:80'),
  )
  assert.deepEqual(places.traffic, ['https://0.0.0.0:443 3', 'https://[::]:443 4', '0.0.0.0:80 5'])
})

test('an address finds the socket that is bound to it, or to all addresses with its port', () => {
  const places = placesOf(
    'listen: [https://0.0.0.0:443, 127.0.0.1:8000, "unix:/run/a.sock"]',
    socket(3, 'a', 'unix:/run/a.sock'),
    socket(4, 'b', '[::]:6666'),
    socket(5, 'c', '0.0.0.0:443'),
    socket(6, 'd', '[::]:9000'),
  )
  assert.deepEqual(places, {
    traffic: ['https://0.0.0.0:443 5', '127.0.0.1:8000 own', 'unix:/run/a.sock 3'],
    control: '[::]:6666 4',
    console: undefined,
    unused: [6],
  })
})

test('port 0 finds no socket, because it means any free port', () => {
  const places = placesOf('listen: 0.0.0.0:0', socket(3, 'a', '0.0.0.0:80'))
  assert.deepEqual(places.traffic, ['0.0.0.0:0 own'])
  assert.deepEqual(places.unused, [3])
})

test('a name that no socket has is an error that lists the sockets', () => {
  assert.throws(
    () => placesOf('listen: fd:web', socket(3, 'http', '0.0.0.0:80')),
    /fd:web is no socket .* http \(fd:3, 0\.0\.0\.0:80\)/,
  )
  assert.throws(() => placesOf('listen: fd:web'), /passed are: none/)
})

test('sockets of the process before serve the same places, also at any free port, and no others', () => {
  const from = (use: SocketUse, at: string) => ({ from: { use, at } })
  const places = placesOf(
    'listen: ["127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:80"]\ncontrol: { listen: "127.0.0.1:0" }',
    { ...socket(10, 'control', '127.0.0.1:40001'), ...from('control', '127.0.0.1:0') },
    { ...socket(11, 'traffic', '127.0.0.1:40002'), ...from('traffic', '127.0.0.1:0') },
    { ...socket(12, 'traffic', '127.0.0.1:40003'), ...from('traffic', '127.0.0.1:0') },
    { ...socket(13, 'traffic', '0.0.0.0:80'), ...from('traffic', '0.0.0.0:80') },
  )
  assert.deepEqual(places, {
    traffic: ['127.0.0.1:40002 11', '127.0.0.1:40003 12', '127.0.0.1:80 own'],
    control: '127.0.0.1:40001 10',
    console: undefined,
    unused: [13],
  })
})
