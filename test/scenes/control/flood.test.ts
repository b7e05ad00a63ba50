// Masses of forged messages, from an address that is not allowed and from one without the secret: the state stays,
// memory is bounded, and the traffic continues. FORGED=100000 sends more of them.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const skip = process.platform === 'linux' ? false : 'needs a second loopback address and /proc'
const forged = Number(process.env['FORGED'] ?? 3_000)
const atOnce = 50
const secret = 'open-sesame'

interface Page {
  readonly status: number
  readonly text: string
}

function page(options: RequestOptions): Promise<Page> {
  return new Promise((resolve, reject) => {
    request({ agent: false, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

const body = 'JVMRoute=evil&Host=127.0.0.1&Port=81&Type=http&Alias=x&Context=/'
const message = `CONFIG / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** One message on a connection of its own; what came back. */
function forge(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write(message))
    socket.on('data', (piece: string) => {
      text += piece
    })
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(text))
  })
}

async function flood(port: number): Promise<Map<string, number>> {
  const answers = new Map<string, number>()
  let left = forged
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const [line = ''] = (await forge(port)).split('\r\n', 1)
      answers.set(line, (answers.get(line) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return answers
}

const floods = [
  {
    who: 'from an address that may not speak',
    setting: { TOPSPIN_CONTROL_ALLOW: '127.0.0.2' },
    reason: 'address',
    answer: '',
  },
  {
    who: 'without the secret',
    setting: { TOPSPIN_CONTROL_SECRET: secret },
    reason: 'secret',
    answer: 'HTTP/1.1 500 Internal Server Error',
  },
]

for (const { who, setting, reason, answer } of floods)
  test(`${forged} forged messages ${who} change nothing and cost neither memory nor a request`, {
    skip,
  }, async (t) => {
    const origin = await startOrigin(t)
    const proxy = await startServe(
      ['--to', `127.0.0.1:${origin.port}`, '--workers', '1'],
      setting,
      {
        deadlineMs: 280_000,
      },
    )
    t.after(() => proxy.child.kill('SIGKILL'))
    const control = Number(new URL(proxy.control).port)
    const ask = async (path: string): Promise<string> => {
      const { status, text } = await page({
        host: '127.0.0.1',
        port: control,
        path,
        localAddress: '127.0.0.2',
        headers: { authorization: `Bearer ${secret}` },
      })
      assert.equal(status, 200)
      return text
    }
    const state = async (): Promise<unknown> => {
      const { version, nodes, balancers } = JSON.parse(await ask('/api/status')) as StatusReport
      return { version, balancers, routes: nodes.map((node) => [node.route, node.contexts]) }
    }
    const residentKb = (): number => {
      const text = readFileSync(`/proc/${proxy.child.pid}/status`, 'latin1')
      return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1])
    }
    // What the process needs for the first of everything.
    for (let i = 0; i < 200; i++) await forge(control)
    const before = await state()
    const residentBefore = residentKb()
    let most = residentBefore
    const watch = setInterval(() => {
      most = Math.max(most, residentKb())
    }, 50)
    t.after(() => clearInterval(watch))

    let flooding = true
    const served = new Map<number, number>()
    const users = Array.from({ length: 4 }, async () => {
      while (flooding) {
        const { status } = await page({
          host: '127.0.0.1',
          port: Number(new URL(proxy.traffic).port),
          path: '/echo',
        })
        served.set(status, (served.get(status) ?? 0) + 1)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    const answers = await flood(control)
    await until('some requests were served meanwhile', () => (served.get(200) ?? 0) > 20)
    flooding = false
    await Promise.all(users)

    assert.deepEqual([...answers], [[answer, forged]])
    assert.deepEqual([...served.keys()], [200])
    assert.deepEqual(await state(), before)
    const counted = new RegExp(`topspin_control_refused_total\\{reason="${reason}"\\} (\\d+)`)
    assert.equal(Number(counted.exec(await ask('/metrics'))?.[1]), forged + 200)
    const lines = proxy.printed.stdout.split('\n').filter((line) => line.includes('refused'))
    assert.ok(lines.length > 0 && lines.length < 40, `${lines.length} lines in the log`)
    t.diagnostic(`resident: ${residentBefore} KB, ${most} KB at most; served: ${served.get(200)}`)
    assert.ok(most - residentBefore < 96_000, `grew by ${most - residentBefore} KB`)
  })
