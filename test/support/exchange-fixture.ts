// The state of an exchange for tests of its stages: a cluster, a parsed request, and a client and connections to nodes
// that record what happens to them. No sockets.

import assert from 'node:assert/strict'
import { LiveTable } from '../../src/cluster/live.ts'
import { applyToLive } from '../../src/cluster/live-changes.ts'
import type { Node } from '../../src/cluster/node.ts'
import { type Candidate, Routes } from '../../src/cluster/routes.ts'
import { applyChange, type Change, emptySnapshot } from '../../src/cluster/snapshot.ts'
import type { ExchangeClient } from '../../src/forward/exchange-client.ts'
import { ExchangeState } from '../../src/forward/exchange-state.ts'
import type { TrafficOptions } from '../../src/forward/index.ts'
import type { LeasedConnection, ResponseReceiver } from '../../src/forward/node/node-context.ts'
import type { ClientTls } from '../../src/forward/node/request-source.ts'
import type { Refusal } from '../../src/forward/refusal.ts'
import { ruleStages } from '../../src/forward/rule-stages.ts'
import type { CompressedReceiver } from '../../src/forward/rules/compressor.ts'
import type { TunnelSide } from '../../src/forward/shared/tunnel-side.ts'
import type { Upload } from '../../src/forward/shared/uploads.ts'
import { accept } from '../../src/forward/stages/accept.ts'
import { findCascade } from '../../src/forward/stages/choose.ts'
import { match } from '../../src/forward/stages/match.ts'
import { outgoing } from '../../src/forward/stages/outgoing.ts'
import { recall } from '../../src/forward/stages/recall.ts'
import { makeTraffic } from '../../src/forward/traffic/make-traffic.ts'

import { ForwardedFields, type ForwardedLines, viaLines } from '../../src/wire/forwarded.ts'
import { clusterOf, type NodeGiven } from './cluster-fixture.ts'
import { ManualClock } from './manual-clock.ts'
import { type MemoryLog, memoryLog } from './memory-log.ts'

/** Of a clock that stands still. */
export const dateLine = 'Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n'

class RecordingClient implements ExchangeClient {
  isLast = false
  readonly address = '192.0.2.1'
  readonly localAuthority = '127.0.0.1:8000'
  readonly trusted = false
  readonly tls: ClientTls | undefined
  bound: Set<LeasedConnection> | undefined
  readonly forwarded: ForwardedLines = new ForwardedFields({
    address: '192.0.2.1',
    scheme: 'http',
    trusted: false,
    via: viaLines('under-test'),
  })
  readonly framed: undefined
  pending = 0
  /** Writes do not leave at once. */
  isSlow = false
  /** All bytes written, one character each, without the Date that responses without one get. */
  text = ''
  /** `pauseBody`, `resumeBody` and so on, oldest first. */
  readonly calls: string[] = []
  readonly refusals: Refusal[] = []

  answerData(bytes: Uint8Array): boolean {
    this.text += Buffer.from(bytes).toString('latin1').replace(dateLine, '')
    if (this.isSlow) this.pending += bytes.length
    return !this.isSlow
  }
  refuse(refusal: Refusal, closes: boolean): void {
    this.refusals.push(refusal)
    this.calls.push(closes ? 'refuse and close' : 'refuse')
  }
  bodyProgress(): void {
    this.calls.push('bodyProgress')
  }
  pauseBody(): void {
    this.calls.push('pauseBody')
  }
  resumeBody(): void {
    this.calls.push('resumeBody')
  }
  exchangeOver(closes: boolean): void {
    this.calls.push(closes ? 'over and close' : 'over')
  }
  cut(byReset: boolean): void {
    this.calls.push(byReset ? 'cut by reset' : 'cut')
  }
  becomeTunnel(): void {
    this.calls.push('becomeTunnel')
  }
}

/** A connection to a node that is ready. */
export class RecordingConnection implements LeasedConnection {
  deadline: number = Number.POSITIVE_INFINITY
  isReady = true
  isReused = false
  isIdle = false
  isForOneClient = false
  isLoggedIn = false
  pending = 0
  /** Writes do not leave at once. */
  isSlow = false
  receiver: ResponseReceiver | undefined
  readonly node: Node
  /** All bytes written, one character each. */
  text = ''
  /** `pause`, `release` and so on, oldest first. */
  readonly calls: string[] = []

  constructor(node: Node) {
    this.node = node
  }
  becomeTunnel(): TunnelSide {
    throw new Error('there is no socket')
  }
  bindTo(): void {
    this.calls.push('bindTo')
  }
  reuse(): boolean {
    this.isIdle = false
    this.calls.push('reuse')
    return true
  }
  close(): void {
    this.calls.push('close')
  }
  attach(receiver: ResponseReceiver): void {
    this.receiver = receiver
  }
  write(bytes: Buffer): boolean {
    this.text += bytes.toString('latin1')
    if (this.isSlow) this.pending += bytes.length
    return !this.isSlow
  }
  pause(): void {
    this.calls.push('pause')
  }
  resume(): void {
    this.calls.push('resume')
  }
  detachBuffer(): void {
    this.calls.push('detachBuffer')
  }
  noteKeepAlive(field: string): void {
    this.calls.push(`keepAlive ${field}`)
  }
  noteExcess(behindEmpty: boolean): void {
    this.calls.push(behindEmpty ? 'excess, empty' : 'excess')
  }
  release(reusable: boolean, rests: boolean): void {
    const how = reusable ? 'release' : 'release, not reusable'
    this.calls.push(rests ? `${how}, rests` : how)
  }
  abort(): void {
    this.calls.push('abort')
  }
  expired(): void {}
}

export interface ExchangeGiven extends Omit<TrafficOptions, 'clock' | 'live' | 'log' | 'random'> {
  readonly nodes?: readonly NodeGiven[]
  readonly balancer?: Parameters<typeof clusterOf>[1]
  /** Instead of `nodes` and `balancer`. */
  readonly changes?: readonly Change[]
}

export interface Fixture {
  readonly state: ExchangeState
  readonly client: RecordingClient
  /** All that were leased, oldest first. */
  readonly connections: RecordingConnection[]
  /** Whether each lease so far had to be a new connection. */
  readonly fresh: boolean[]
  /** Changes a connection before it is leased. */
  onLease: (connection: RecordingConnection) => void
  /** No connection can be opened. */
  isFull: boolean
  readonly clock: ManualClock
  readonly log: MemoryLog
  /** Routes of `node.id` that traffic found to be down. */
  readonly down: number[]
}

/** @param request its head, and what has arrived of its body. Default: `GET /`. */
export function exchangeOf(
  request: string = requestText('GET / HTTP/1.1'),
  given: ExchangeGiven = {},
): Fixture {
  const { nodes = [{}], balancer, changes = clusterOf(nodes, balancer), ...options } = given
  const live = new LiveTable()
  const clock = new ManualClock()
  const log = memoryLog()
  const client = new RecordingClient()
  const connections: RecordingConnection[] = []
  const fresh: boolean[] = []
  const down: number[] = []
  applyToLive(live, changes, emptySnapshot)
  const snapshot = changes.reduce(applyChange, emptySnapshot)
  const traffic = makeTraffic({
    via: 'under-test',
    openFiles: 1_000,
    onNodeDown: (id) => down.push(id),
    ...options,
    live,
    log,
    clock,
    random: () => 0.5,
  })
  const routes = Routes.of(snapshot, live, traffic.settings)
  const pools = {
    lease: (node: Node, isFresh: boolean) => {
      if (fixture.isFull) return undefined
      const connection = new RecordingConnection(node)
      fixture.onLease(connection)
      connections.push(connection)
      fresh.push(isFresh)
      return connection
    },
  }
  const state = new ExchangeState(client, { ...traffic, routes, pools }, ruleStages)
  const fixture: Fixture = {
    state,
    client,
    connections,
    fresh,
    onLease: () => {},
    isFull: false,
    clock,
    log,
    down,
  }
  const bytes = Buffer.from(request, 'latin1')
  const bodyFrom = state.request.head.parse(bytes, 0, bytes.length)
  assert.ok(bodyFrom > 0, 'the request is not valid')
  accept(state, bodyFrom)
  return fixture
}

/** A request of these lines, without a body. `Host` is added. */
export function requestText(line: string, ...fields: readonly string[]): string {
  return `${[line, 'Host: www.example.com', ...fields].join('\r\n')}\r\n\r\n`
}

/** Runs stages 2 and 3 and finds the cascade. */
export function routed({ state }: Fixture): Candidate[] {
  const { request, choice, client, traffic } = state
  assert.equal(match(request, traffic), undefined)
  recall(request, choice, traffic)
  findCascade(request, choice, traffic, client.address)
  return [...choice.application.candidates]
}

/** Runs the stages up to outgoing, for the first candidate. @returns it. */
export function prepared(fixture: Fixture, request: string): Candidate {
  const [candidate] = routed(fixture)
  assert.ok(candidate !== undefined)
  const bytes = Buffer.from(request, 'latin1')
  fixture.state.request.end = outgoing(fixture.state, candidate, bytes, bytes.length)
  return candidate
}

/** Receives nothing. */
export const noReceiver: ResponseReceiver & CompressedReceiver & Upload = {
  compressed: () => true,
  compressorDrained() {},
  compressedAll() {},
  compressionFailed() {},
  source: new RecordingClient(),
  acceptsTrailers: false,
  isHead: false,
  relaysBody: false,
  connectMs: undefined,
  silenceMs: 0,
  isWithoutOther: false,
  nodeReady: () => {},
  nodeSent: () => {},
  nodeDrained: () => {},
  nodeAwaitsBody: () => {},
  nodeMalformed: () => {},
  nodeEnded: () => {},
  nodeClosed: () => {},
  nodeTimedOut: () => {},
  displace: () => {},
}
