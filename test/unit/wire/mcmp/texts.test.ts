// The texts for nodes and tools, byte by byte (mcmp.md 1.6), and their parsers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Dump, writeDumpText, writeDumpXml } from '../../../../src/wire/mcmp/dump.ts'
import { writeInfoText, writeInfoXml } from '../../../../src/wire/mcmp/info.ts'
import { parseInfo } from '../../../../src/wire/mcmp/parse-info.ts'
import {
  appReply,
  parseReply,
  pingReply,
  requestsIn,
  statusReply,
  stopReply,
  writeReply,
} from '../../../../src/wire/mcmp/reply.ts'
import { versionText, versionXml } from '../../../../src/wire/mcmp/version.ts'

const cluster: Dump = {
  balancers: [
    {
      id: 0,
      name: 'shop',
      sticky: true,
      cookie: 'SID',
      pathParameter: 'sid',
      stickyRemove: false,
      stickyForce: true,
      waitMs: 2000,
      maxAttempts: 3,
    },
  ],
  nodes: [
    {
      id: 4,
      name: 'n&1',
      balancer: 'shop',
      domain: 'west',
      host: '::1',
      port: 81,
      type: 'http',
      flushPackets: 'auto',
      flushWaitMs: 12,
      pingMs: 7000,
      smax: -1,
      ttlMs: 61_500,
      elected: 9,
      read: 8,
      transferred: 7,
      connected: 6,
      load: 55,
      timeoutMs: 3000,
    },
  ],
  aliases: [
    { id: 0, node: 4, vhost: 2, alias: 'a.test' },
    { id: 1, node: 4, vhost: 2, alias: 'b.test' },
  ],
  contexts: [
    { id: 0, node: 4, vhost: 2, path: '/a', status: 'ENABLED' },
    { id: 1, node: 4, vhost: 2, path: '/a', status: 'STOPPED' },
  ],
}
const empty: Dump = { balancers: [], nodes: [], aliases: [], contexts: [] }

const infoText = `Node: [4],Name: n&1,Balancer: shop,LBGroup: west,Host: [::1],Port: 81,Type: http,Flushpackets: Auto,Flushwait: 12,Ping: 7,Smax: -1,Ttl: 61,Elected: 9,Read: 8,Transfered: 7,Connected: 6,Load: 55
Vhost: [4:2:0], Alias: a.test
Vhost: [4:2:1], Alias: b.test
Context: [4:2:0], Context: /a, Status: ENABLED
Context: [4:2:1], Context: /a, Status: STOPPED
`

describe('INFO', () => {
  test('has node lines first, three ids and the protocol spelling', () =>
    assert.equal(writeInfoText(cluster), infoText))

  test('is empty for an empty cluster', () => assert.equal(writeInfoText(empty), ''))

  test('in XML escapes what nodes sent', () => {
    assert.equal(
      writeInfoXml(cluster),
      '<?xml version="1.0" standalone="yes" ?>\n<Info><Nodes><Node id="4" name="n&amp;1"><Balancer>shop</Balancer><LBGroup>west</LBGroup><Host>[::1]</Host><Port>81</Port><Type>http</Type><Flushpackets>Auto</Flushpackets><Flushwait>12</Flushwait><Ping>7</Ping><Smax>-1</Smax><Ttl>61</Ttl><Elected>9</Elected><Read>8</Read><Transfered>7</Transfered><Connected>6</Connected><Load>55</Load></Node></Nodes><Vhosts><Vhost id="2" alias="a.test"><Node id="4"/></Vhost><Vhost id="2" alias="b.test"><Node id="4"/></Vhost></Vhosts><Contexts><Context id="0"><Status id="1">ENABLED</Status><Context>/a</Context><Node id="4"/><Vhost id="2"/></Context><Context id="1"><Status id="3">STOPPED</Status><Context>/a</Context><Node id="4"/><Vhost id="2"/></Context></Contexts></Info>',
    )
  })

  test('is read back: one virtual host with all its aliases', () => {
    assert.deepEqual(parseInfo(infoText), {
      ok: true,
      info: {
        nodes: [
          {
            id: 4,
            name: 'n&1',
            balancer: 'shop',
            domain: 'west',
            host: '[::1]',
            port: '81',
            type: 'http',
            load: 55,
            connected: 6,
          },
        ],
        vhosts: [{ node: 4, id: 2, aliases: ['a.test', 'b.test'] }],
        contexts: [
          { node: 4, vhost: 2, path: '/a', status: 'ENABLED' },
          { node: 4, vhost: 2, path: '/a', status: 'STOPPED' },
        ],
      },
    })
  })

  test('with a third id of -1, as written by Undertow, is read too', () => {
    const read = parseInfo(
      'Node: [1],Name: u,Balancer: b,LBGroup: ,Host: h,Port: 1,Type: http\nVhost: [1:1:-1], Alias: x\n',
    )
    assert.ok(read.ok)
    assert.equal(read.info.nodes[0]?.load, undefined)
    assert.equal(read.info.nodes[0]?.connected, undefined)
    assert.deepEqual(read.info.vhosts, [{ node: 1, id: 1, aliases: ['x'] }])
  })

  test('that is no INFO is a problem with a line number', () => {
    assert.deepEqual(parseInfo('<html>\n'), { ok: false, problem: 'line 1 is no line of INFO' })
    assert.deepEqual(parseInfo('Context: [1:1:1], Context: /a, Status: BROKEN'), {
      ok: false,
      problem: 'line 1 is no line of INFO',
    })
  })
})

describe('DUMP', () => {
  test('has one line for each row of each table', () => {
    assert.equal(
      writeDumpText(cluster),
      `balancer: [0] Name: shop Sticky: 1 [SID]/[sid] remove: 0 force: 1 Timeout: 2 maxAttempts: 3
node: [4:4],Balancer: shop,JVMRoute: n&1,LBGroup: [west],Host: [::1],Port: 81,Type: http,flushpackets: 2,flushwait: 12,ping: 7,smax: -1,ttl: 61,timeout: 3
host: 0 [a.test] vhost: 2 node: 4
host: 1 [b.test] vhost: 2 node: 4
context: 0 [/a] vhost: 2 node: 4 status: 1
context: 1 [/a] vhost: 2 node: 4 status: 3
`,
    )
  })

  test('in XML is well-formed when empty', () => {
    assert.equal(
      writeDumpXml(empty),
      '<?xml version="1.0" standalone="yes" ?>\n<Dump><Balancers></Balancers><Nodes></Nodes><Hosts></Hosts><Contexts></Contexts></Dump>',
    )
  })
})

describe('replies', () => {
  test('PING and STATUS are pairs on one line', () => {
    assert.equal(pingReply(undefined, 'OK', '7').body, 'Type=PING-RSP&State=OK&id=7\n')
    assert.equal(pingReply('a', 'NOTOK', '7').body, 'Type=PING-RSP&JVMRoute=a&State=NOTOK&id=7\n')
    assert.equal(statusReply('a', 'OK', '7').body, 'Type=STATUS-RSP&JVMRoute=a&State=OK&id=7\n')
  })

  test('the replies to application commands have a block for each alias', () => {
    const touched = [
      { alias: 'x', contexts: ['/a', '/b'] },
      { alias: 'y', contexts: ['/a'] },
    ]
    assert.equal(
      appReply('ENABLE-APP', 'n', touched).body,
      'Type=ENABLE-APP-RSP\nJvmRoute=n\nAlias=x Contexts=/a,/b\n\nAlias=y Contexts=/a\n\n',
    )
    assert.equal(appReply('REMOVE-APP', 'n', []).body, 'Type=REMOVE-APP-RSP\nJvmRoute=n\n')
  })

  test('the reply to STOP-APP has the form that a draining Java node reads', () => {
    const body = stopReply('n', ['x'], ['/a=b&c'], 3).body
    assert.equal(body, 'Type=STOP-APP-RSP&JvmRoute=n&Alias=x&Context=/a%3Db%26c&Requests=3\n')
    assert.equal(parseReply(body).get('Requests'), '3')
    assert.equal(requestsIn(body), 3)
    assert.equal(parseReply(body).get('Context'), '/a=b&c')
  })

  test('has its number of requests read as Undertow writes it, and none in the form of httpd', () => {
    const undertow = 'Type=STOP-APP-RSP,JvmRoute=nAlias=Requests=9Context=/aRequests=12'
    assert.equal(requestsIn(undertow), 12)
    for (const text of [
      '',
      'Type=STOP-APP-RSP\nJvmRoute=n\nAlias=x Contexts=/a\n\n',
      'Requests=-1',
    ])
      assert.equal(requestsIn(text), undefined)
  })

  test('a reply in another form has no pairs', () => {
    assert.equal(parseReply('<html>nothing</html>').size, 0)
    assert.equal(parseReply('').size, 0)
  })

  test('VERSION names a release that clients recognise', () => {
    assert.match(
      versionText,
      /^release: mod_(proxy_)?cluster\/\d\.\d\.\d\.Final, protocol: 0\.2\.1\n$/,
    )
    assert.match(
      versionXml,
      /<version><release>[^<]+<\/release><protocol>0\.2\.1<\/protocol><\/version>\n$/,
    )
  })
})

describe('bytes of a reply', () => {
  const wire = (...args: Parameters<typeof writeReply>) =>
    Buffer.from(writeReply(...args)).toString()

  test('a success keeps the connection open when wanted and always has a length', () => {
    assert.equal(
      wire({ ok: true, body: '' }, { keepAlive: true }),
      'HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n',
    )
  })

  test('an error closes the connection, has type and text in fields, and a body', () => {
    assert.equal(
      wire({ ok: false, type: 'MEM', text: 'MEM: "a<b"' }, { keepAlive: true }),
      'HTTP/1.1 500 Internal Server Error\r\nVersion: 0.2.1\r\nType: MEM\r\nMess: MEM: "a<b"\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 24\r\n\r\nMEM: &quot;a&lt;b&quot;\n',
    )
  })

  test('the text is one line of ASCII and at most 1 KiB', () => {
    const out = wire(
      { ok: false, type: 'MEM', text: `a\r\nX: é${'\ud800'}${'y'.repeat(20_000)}` },
      { keepAlive: false },
    )
    const mess = /\r\nMess: (.*)\r\n/.exec(out)?.[1] ?? ''
    assert.match(mess, /^aX: %C3%A9%EF%BF%BDyyy/)
    assert.equal(mess.length, 1024)
  })
})
