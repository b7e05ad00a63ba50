// The discovery service for Envoys: a gRPC listener whose streams get the cluster as resources. What each stream gets next
// is decided by ads-stream.ts; this file has the connections and the timers.

import type { Socket } from 'node:net'
import type { Server, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js'
import type { Clock } from '../../../base/clock.ts'
import { TopspinError } from '../../../base/errors.ts'
import { type HostPort, hostPortText } from '../../../base/host-port.ts'
import { engineLimits, logLimits, xdsLimits } from '../../../base/limits.ts'
import type { Logger } from '../../../base/log.ts'
import { throttled } from '../../../base/throttled-log.ts'
import { pause, withDeadline } from '../../../base/wait.ts'
import type { TlsMaterial } from '../../../config/tls-files.ts'
import type { EngineReport } from '../../../control/engine-report.ts'
import type { TlsServerOptions } from '../../../net/tls-options.ts'
import type { Engine } from '../engine.ts'
import type { ReadCluster } from '../engines.ts'
import { AdsStream, type DiscoveryResponse } from './ads-stream.ts'
import { EnvoyListener } from './envoy-listener.ts'
import { resourceTypes } from './messages.ts'
import type { XdsPackages } from './packages.ts'
import { noSet, type ResourceOptions, type ResourceSet, resourceSet } from './resources.ts'

interface XdsServerOptions {
  readonly listen: HostPort
  /** Of the clients that may connect; empty: all. */
  readonly isAllowed: (address: string) => boolean
  /** Absent: connections are not encrypted. */
  readonly tls?: TlsServerOptions | undefined
  readonly resources: ResourceOptions
  readonly read: ReadCluster
  readonly log: Logger
  readonly clock: Clock
}

/** Fields of the requests of Envoy as protobufjs decodes them; absent ones have their defaults. */
interface WireRequest {
  readonly node: { readonly id: string } | null
  readonly resourceNames: readonly string[]
  readonly typeUrl: string
  readonly responseNonce: string
  readonly errorDetail: { readonly message: string } | null
}

type Call = ServerDuplexStream<WireRequest, DiscoveryResponse>

interface Envoy {
  readonly call: Call
  readonly address: string
  readonly stream: AdsStream
  readonly sinceMs: number
  name: string
  /** Something is to be taken away. */
  isUrgent: boolean
  logged: string
}

interface Waiter {
  readonly version: number
  resolve(): void
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources'

export class XdsServer implements Engine {
  readonly #options: XdsServerOptions
  readonly #packages: XdsPackages
  readonly #server: Server
  readonly #listener: EnvoyListener
  /** Limited, because each connection and each request can cause a line. */
  readonly #log: Logger
  readonly #envoys: Set<Envoy> = new Set()
  readonly #closed = new AbortController()
  #set: ResourceSet = noSet
  /** Number of changes of the cluster. */
  #version = 1
  #builtAt = Number.NEGATIVE_INFINITY
  /** Nothing is sent before the cluster is known. */
  #isStarted = false
  #timer: NodeJS.Timeout | undefined
  #waiters: readonly Waiter[] = []

  constructor(options: XdsServerOptions, packages: XdsPackages) {
    this.#options = options
    this.#packages = packages
    const { listen, isAllowed, tls, log, clock } = options
    this.#log = throttled(log, clock, logLimits.linesMax)
    const { grpc } = packages
    this.#server = new grpc.Server({
      'grpc.max_receive_message_length': xdsLimits.requestBytesMax,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': xdsLimits.keepaliveMs,
      'grpc.keepalive_timeout_ms': xdsLimits.keepaliveTimeoutMs,
    })
    this.#server.addService(this.#definition(), { stream: (call: Call) => this.#accept(call) })
    const injector = this.#server.createConnectionInjector(grpc.ServerCredentials.createInsecure())
    const accepted = (socket: Socket): void => injector.injectConnection(socket)
    this.#listener = new EnvoyListener({ at: listen, isAllowed, accepted, tls, log, clock })
  }

  /** Opens the port. @throws TopspinError LISTEN when it cannot be opened. */
  async listen(): Promise<number> {
    try {
      return await this.#listener.listen()
    } catch (cause) {
      const address = hostPortText(this.#options.listen)
      const message = `cannot listen on ${address} for Envoys: ${(cause as Error).message}`
      throw new TopspinError('LISTEN', message, { side: 'proxy', phase: 'accept', cause })
    }
  }

  /** Opens the port as soon as the process before has left it. */
  async listenLater(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      const isOpen = await this.listen().then(
        () => true,
        () => false,
      )
      if (isOpen) return
      await pause(xdsLimits.retryMs, signal)
    }
  }

  useTls({ xds }: Pick<TlsMaterial, 'xds'>): void {
    if (xds !== undefined) this.#listener.replaceTls(xds)
  }

  start(): void {
    this.#isStarted = true
    this.#send()
  }

  async changed(isUrgent: boolean): Promise<void> {
    this.#version += 1
    if (!isUrgent) return this.#sendLater()
    const version = this.#version
    for (const envoy of this.#envoys) envoy.isUrgent = true
    const isInForce = new Promise<void>((resolve) => {
      this.#waiters = [...this.#waiters, { version, resolve }]
    })
    this.#send()
    await withDeadline(isInForce, engineLimits.inForceMs, () => {})
    this.#waiters = this.#waiters.filter((waiter) => waiter.version !== version)
  }

  reports(): readonly EngineReport[] {
    const { clock } = this.#options
    return [...this.#envoys].map(({ name, address, stream, sinceMs }) => ({
      engine: 'envoy',
      name,
      address,
      isConnected: true,
      isCurrent: this.#isStarted && stream.version >= this.#version,
      stateMs: Math.round(clock.now() - sinceMs),
      problems: [...stream.refusals, ...this.#set.problems].slice(0, engineLimits.problemsMax),
    }))
  }

  async close(): Promise<void> {
    this.#closed.abort()
    clearTimeout(this.#timer)
    this.#listener.close()
    for (const { call } of this.#envoys) call.end()
    this.#server.forceShutdown()
  }

  #definition(): ServiceDefinition {
    const { codec } = this.#packages
    return {
      stream: {
        path,
        requestStream: true,
        responseStream: true,
        requestDeserialize: (bytes: Buffer) => codec.decode('DiscoveryRequest', bytes),
        requestSerialize: (request: object) =>
          Buffer.from(codec.encode('DiscoveryRequest', request)),
        responseDeserialize: (bytes: Buffer) => codec.decode('DiscoveryResponse', bytes),
        responseSerialize: (response: DiscoveryResponse) =>
          Buffer.from(codec.encode('DiscoveryResponse', wireResponse(response))),
      },
    }
  }

  #accept(call: Call): void {
    const { grpc } = this.#packages
    const { clock } = this.#options
    const address = call.getPeer()
    const { streamsMax } = xdsLimits
    if (this.#envoys.size >= streamsMax) {
      this.#log.warn({ envoy: address, limit: streamsMax }, 'no room for more streams of Envoys')
      return end(call, grpc.status.RESOURCE_EXHAUSTED, `more than ${streamsMax} streams`)
    }
    const envoy: Envoy = {
      call,
      address,
      stream: new AdsStream(),
      sinceMs: clock.now(),
      name: '',
      isUrgent: false,
      logged: '',
    }
    this.#envoys.add(envoy)
    this.#noteStreams(address)
    const leave = (): void => {
      if (!this.#envoys.delete(envoy)) return
      this.#noteStreams(address)
      this.#log.info({ envoy: envoy.name, address }, 'Envoy has left')
      this.#settle()
    }
    call.on('data', (request: WireRequest) => this.#receive(envoy, request))
    call.on('error', leave)
    call.on('cancelled', leave)
    call.on('close', leave)
    call.on('end', () => {
      call.end()
      leave()
    })
  }

  #noteStreams(address: string): void {
    const streams = [...this.#envoys].filter((envoy) => envoy.address === address).length
    this.#listener.noteStreams(address, streams)
  }

  #receive(envoy: Envoy, { node, errorDetail, ...request }: WireRequest): void {
    if (envoy.name === '' && node !== null && node.id !== '') {
      envoy.name = node.id.slice(0, xdsLimits.textMax)
      this.#log.info({ envoy: envoy.name, address: envoy.address }, 'Envoy has connected')
    }
    const refusal = errorDetail?.message.slice(0, xdsLimits.textMax)
    if (!envoy.stream.receive({ ...request, refusal })) return
    const refusals = envoy.stream.refusals.join('; ')
    if (refusals !== '' && refusals !== envoy.logged)
      this.#log.error({ envoy: envoy.name, reason: refusals }, 'Envoy has refused resources')
    envoy.logged = refusals
    // What one Envoy asks for changes nothing for the others.
    if (this.#set.version !== this.#version) this.#send()
    else this.#sendTo([envoy])
    this.#settle()
  }

  /** Changes of weights wait until the pace allows the next response. */
  #sendLater(): void {
    const waitMs = this.#builtAt + xdsLimits.gapMs - this.#options.clock.now()
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        this.#send()
      },
      Math.max(0, waitMs),
    )
  }

  #send(): void {
    if (!this.#isStarted || this.#closed.signal.aborted) return
    // Without an Envoy nobody needs the resources.
    if (this.#set.version !== this.#version && this.#envoys.size > 0) this.#build()
    this.#sendTo(this.#envoys)
    this.#settle()
  }

  #sendTo(envoys: Iterable<Envoy>): void {
    if (!this.#isStarted || this.#closed.signal.aborted) return
    const now = this.#options.clock.now()
    let isWaiting = false
    for (const envoy of envoys) {
      const { stream, call } = envoy
      for (const response of stream.next(this.#set, now, envoy.isUrgent)) call.write(response)
      // The end of the stream alone would wait behind the responses.
      if (call.writableLength > xdsLimits.responsesWaitingMax) this.#listener.cut(envoy.address)
      if (stream.version >= this.#version) envoy.isUrgent = false
      else if (!stream.isAnswerDue) isWaiting = true
    }
    // An answer to a response comes by itself; the end of a pause does not.
    if (isWaiting) this.#sendLater()
  }

  #build(): void {
    const { read, resources, clock } = this.#options
    const before = this.#set
    this.#builtAt = clock.now()
    this.#set = resourceSet(this.#version, read(), this.#packages.codec, resources, before)
    const known = new Set(before.problems)
    for (const problem of this.#set.problems)
      if (!known.has(problem)) this.#log.warn({ problem }, 'Envoy cannot serve all')
  }

  /** Ends the waits for what all Envoys have in force, or have refused. */
  #settle(): void {
    if (this.#waiters.length === 0) return
    let least = Number.POSITIVE_INFINITY
    for (const { stream } of this.#envoys) least = Math.min(least, stream.version)
    for (const { version, resolve } of this.#waiters) if (version <= least) resolve()
  }
}

/** Ends a stream with an error. */
function end(call: Call, code: number, details: string): void {
  call.destroy(Object.assign(new Error(details), { code, details }))
}

const wireResponse = ({ kind, version, nonce, resources }: DiscoveryResponse): object => {
  const typeUrl = resourceTypes[kind]
  return {
    versionInfo: String(version),
    typeUrl,
    nonce,
    resources: resources.map((value) => ({ typeUrl, value })),
  }
}
