// The part of the API of Kubernetes that lists and watches EndpointSlices, with the rules of its documentation: versions,
// pages, bookmarks, and 410 for a version that is forgotten.
// https://kubernetes.io/docs/reference/using-api/api-concepts/

import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

type Slice = Readonly<Record<string, unknown>> & {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
}

interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Slice
}

/** What an endpoint of a slice is, by its address. */
export type Conditions = Readonly<Record<string, boolean>> | undefined

export interface SliceMore {
  readonly port?: number
  readonly service?: string
  readonly appProtocol?: string
}

export class KubernetesApi {
  /** `fails`: 500 to all; `silent`: no answer; `forbidden`: 403. */
  mode: 'answers' | 'fails' | 'silent' | 'forbidden' = 'answers'
  /** The only accepted one; undefined: any, and none. */
  token: string | undefined
  /** Path and query of each request. */
  readonly asked: URL[] = []
  /** Slices in one answer at most. */
  pageSize = 500
  /** So many requests for a further page find its list forgotten. */
  pagesForgotten = 0
  /** Watches of a forgotten version end with an event, as they do where the answer has begun. */
  expiresByEvent = false
  readonly #slices: Map<string, Slice> = new Map()
  readonly #changes: Change[] = []
  readonly #watches: Set<ServerResponse> = new Set()
  #version = 100
  #oldest = 100
  #server: Server | undefined

  async listen(t: TestContext, tls?: ServerOptions): Promise<string> {
    const answer: RequestListener = (request, response) => this.#answer(request, response)
    const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer)
    this.#server = server
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  }

  get watches(): number {
    return this.#watches.size
  }

  /** Puts a slice in the place of the one of its name. */
  put(name: string, endpoints: Readonly<Record<string, Conditions>>, more: SliceMore = {}): void {
    const { port = 80, service = 'shop', appProtocol } = more
    const labels = { 'kubernetes.io/service-name': service, app: service }
    const metadata = { name, namespace: 'prod', labels }
    const object: Slice = {
      metadata,
      addressType: 'IPv4',
      endpoints: Object.entries(endpoints).map(([address, conditions]) => ({
        addresses: [address],
        conditions: conditions ?? { ready: true, serving: true, terminating: false },
        nodeName: 'worker-1',
        targetRef: { kind: 'Pod', namespace: 'prod', name: `shop-${address}` },
        zone: 'eu-1a',
      })),
      ports: [{ name: 'http', protocol: 'TCP', port, ...(appProtocol && { appProtocol }) }],
    }
    const type = this.#slices.has(name) ? 'MODIFIED' : 'ADDED'
    this.#slices.set(name, object)
    this.#change(type, object)
  }

  delete(name: string): void {
    const object = this.#slices.get(name)
    if (object === undefined) throw new Error(`no slice ${name}`)
    this.#slices.delete(name)
    this.#change('DELETED', object)
  }

  /** Forgets all changes until now, as etcd does after some minutes. */
  compact(): void {
    this.#oldest = this.#version
    this.#changes.length = 0
  }

  /** Tells the watches of a version that has passed without a change of theirs. */
  bookmark(): void {
    this.#version += 10
    const metadata = { resourceVersion: String(this.#version), creationTimestamp: null }
    this.#tell({ type: 'BOOKMARK', object: { kind: 'EndpointSlice', metadata } })
  }

  /** Ends the watches: cleanly, as at their own deadline, or by a reset. */
  endWatches(how: 'end' | 'reset'): void {
    for (const response of this.#watches)
      if (how === 'end') response.end()
      else response.destroy()
    this.#watches.clear()
  }

  /** Writes to the watches as it is. */
  write(text: string): void {
    for (const response of this.#watches) response.write(text)
  }

  /** No connection is accepted any more. */
  stop(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }

  #change(type: Change['type'], object: Slice): void {
    this.#version += 1
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) }
    const change = { version: this.#version, type, object: { ...object, metadata } }
    this.#changes.push(change)
    this.#tell({ type, object: change.object })
  }

  #tell(event: object): void {
    for (const response of this.#watches) response.write(`${JSON.stringify(event)}\n`)
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const asked = new URL(url, 'http://api')
    this.asked.push(asked)
    if (this.mode === 'silent') return
    if (this.mode === 'fails') return this.#status(response, 500, 'etcdserver: request timed out')
    if (this.mode === 'forbidden')
      return this.#status(response, 403, 'endpointslices.discovery.k8s.io is forbidden')
    if (this.token !== undefined && headers.authorization !== `Bearer ${this.token}`)
      return this.#status(response, 401, 'Unauthorized')
    if (asked.pathname !== '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices')
      return this.#status(response, 404, 'the server could not find the requested resource')
    if (asked.searchParams.get('watch') === '1') this.#watch(asked.searchParams, response)
    else this.#list(asked.searchParams, response)
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const [first, version = this.#version] = (query.get('continue') ?? '').split(' ')
    const isForgotten = query.has('continue') && this.pagesForgotten-- > 0
    if (isForgotten || Number(version) < this.#oldest)
      return this.#status(response, 410, 'The provided continue parameter is too old')
    const all = [...this.#slices.values()].filter((slice) => isOf(slice, query))
    const from = Number(first)
    const size = Math.min(this.pageSize, Number(query.get('limit') ?? this.pageSize))
    const rest = all.length - from - size
    const more = rest > 0 ? { continue: `${from + size} ${version}`, remainingItemCount: rest } : {}
    const metadata = { resourceVersion: String(version), ...more }
    const list = {
      kind: 'EndpointSliceList',
      apiVersion: 'discovery.k8s.io/v1',
      metadata,
      items: all.slice(from, from + size),
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(list))
  }

  #watch(query: URLSearchParams, response: ServerResponse): void {
    const version = Number(query.get('resourceVersion'))
    const isOld = version < this.#oldest
    if (isOld && !this.expiresByEvent)
      return this.#status(response, 410, `too old resource version: ${version} (${this.#oldest})`)
    response.setHeader('content-type', 'application/json')
    response.setHeader('transfer-encoding', 'chunked')
    response.flushHeaders()
    if (isOld) {
      const object = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 }
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    for (const change of this.#changes)
      if (change.version > version && isOf(change.object, query))
        response.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`)
    this.#watches.add(response)
    response.once('close', () => this.#watches.delete(response))
  }

  #status(response: ServerResponse, code: number, message: string): void {
    response.statusCode = code
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ kind: 'Status', status: 'Failure', message, code }))
  }
}

/** Whether a slice has the labels of the selector. */
function isOf({ metadata }: Slice, query: URLSearchParams): boolean {
  const selector = query.get('labelSelector') ?? ''
  return selector.split(',').every((part) => {
    const [key = '', value] = part.split('=')
    return metadata.labels[key] === value
  })
}
