// The endpoints of a service of Kubernetes as a source of nodes: its EndpointSlices are listed, then watched from there on.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { readFile } from 'node:fs/promises'
import { hostPortText } from '../../base/host-port.ts'
import { at, textAt } from '../../base/json-parts.ts'
import { fixedLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import type { KubernetesSettings } from '../../config/source-settings.ts'
import { ApiClient, ApiError, type ApiPlace } from './api-client.ts'
import { type EndpointSlice, nodesOfSlices, readSlice } from './endpoint-slices.ts'
import type { NodeSource, Report } from './node-source.ts'

/** Where a pod finds its API, and itself. */
export interface Pod {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** With `token`, `ca.crt` and `namespace`. */
  readonly account: string
}

const thisPod: Pod = {
  environment: process.env,
  account: '/var/run/secrets/kubernetes.io/serviceaccount',
}

const expired = Symbol('expired')
/** The version of a list, or that it is too old for a watch. */
type Version = string | typeof expired

export function kubernetesSource(settings: KubernetesSettings, pod: Pod = thisPod): NodeSource {
  return {
    async follow(report, signal) {
      const slices = new Slices(settings, pod, report, signal)
      while (!signal.aborted) {
        let version: Version = await slices.list()
        if (version === expired) await pause(fixedLimits.watchRestMs, signal)
        while (version !== expired && !signal.aborted) {
          version = await slices.watch(version)
          await pause(fixedLimits.watchRestMs, signal)
        }
      }
    },
  }
}

class Slices {
  readonly #settings: KubernetesSettings
  readonly #pod: Pod
  readonly #report: Report
  readonly #signal: AbortSignal
  readonly #client: ApiClient
  /** Another map for each list: one that was reported is never incomplete. */
  #byName: Map<string, EndpointSlice> = new Map()
  #endpoints = 0

  constructor(settings: KubernetesSettings, pod: Pod, report: Report, signal: AbortSignal) {
    this.#settings = settings
    this.#pod = pod
    this.#report = report
    this.#signal = signal
    this.#client = new ApiClient(placeOf(settings, pod))
  }

  /** Reports the nodes of all slices. @returns the version of the list. */
  async list(): Promise<Version> {
    this.#byName = new Map()
    this.#endpoints = 0
    const path = await this.#path()
    let next = ''
    for (let page = 0; page < fixedLimits.pagesMax; page++) {
      const query = {
        limit: String(fixedLimits.slicesMax),
        ...(next === '' ? {} : { continue: next }),
      }
      const body = await this.#page(`${path}&${new URLSearchParams(query)}`)
      if (body === expired) return body
      for (const item of itemsOf(body)) this.#put(item)
      next = textAt(at(body, 'metadata'), 'continue')
      if (next !== '') continue
      this.#tell()
      return textAt(at(body, 'metadata'), 'resourceVersion')
    }
    throw tooManySlices
  }

  /** A list that takes so long that its version is forgotten meanwhile begins anew. */
  async #page(path: string): Promise<unknown> {
    try {
      return (await this.#client.json(path, this.#signal, fixedLimits.sourceMs)).body
    } catch (error) {
      if (isExpired(error)) return expired
      throw error
    }
  }

  /** Reports the nodes after each change. @returns the version to go on from. */
  async watch(version: string): Promise<Version> {
    const query = new URLSearchParams({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: String(fixedLimits.watchMs / 1_000),
    })
    const path = `${await this.#path()}&${query}`
    const endMs = fixedLimits.watchMs + fixedLimits.sourceMs
    let events: AsyncGenerator<unknown>
    try {
      events = await this.#client.lines(path, this.#signal, endMs)
    } catch (error) {
      if (isExpired(error)) return expired
      throw error
    }
    let last = version
    try {
      for await (const event of events) {
        const next = this.#take(event, last)
        if (next === expired) return next
        last = next
      }
    } catch (error) {
      // A watch that is interrupted goes on from the last version; where the API is gone, that fails.
      if (!isInterruption(error)) throw error
    }
    return last
  }

  /** @returns the version after it. */
  #take(event: unknown, before: string): Version {
    const object = at(event, 'object')
    const version = textAt(at(object, 'metadata'), 'resourceVersion') || before
    switch (at(event, 'type')) {
      case 'ADDED':
      case 'MODIFIED':
        this.#put(object)
        this.#tell()
        return version
      case 'DELETED':
        this.#remove(textAt(at(object, 'metadata'), 'name'))
        this.#tell()
        return version
      case 'BOOKMARK':
        return version
      case 'ERROR':
        if (at(object, 'code') === 410) return expired
        throw new Error(`watch failed: ${textAt(object, 'message')}`)
      default:
        throw new Error('an event of the watch has an unknown form')
    }
  }

  #put(object: unknown): void {
    const slice = readSlice(object)
    if (slice === undefined) throw new Error('an EndpointSlice has an unknown form')
    this.#remove(slice.name)
    this.#byName.set(slice.name, slice)
    this.#endpoints += slice.endpoints.length
    const { pagesMax, slicesMax, endpointsMax } = fixedLimits
    if (this.#byName.size > pagesMax * slicesMax) throw tooManySlices
    if (this.#endpoints > endpointsMax) throw new Error(`has more than ${endpointsMax} endpoints`)
  }

  #remove(name: string): void {
    this.#endpoints -= this.#byName.get(name)?.endpoints.length ?? 0
    this.#byName.delete(name)
  }

  /** A service without nodes has a slice without endpoints; one without slices does not exist. */
  #tell(): void {
    if (this.#byName.size === 0) throw new Error('there is no EndpointSlice of it')
    const slices = this.#byName
    this.#report(() => nodesOfSlices(slices.values(), this.#settings))
  }

  async #path(): Promise<string> {
    const { service, selector, namespace } = this.#settings
    const labels = [
      ...(service === undefined ? [] : [`kubernetes.io/service-name=${service}`]),
      ...(selector === undefined ? [] : [selector]),
    ].join(',')
    const where = namespace ?? (await this.#ownNamespace())
    const query = new URLSearchParams({ labelSelector: labels })
    return `/apis/discovery.k8s.io/v1/namespaces/${where}/endpointslices?${query}`
  }

  async #ownNamespace(): Promise<string> {
    if (this.#settings.api !== undefined) return 'default'
    const text = await readFile(`${this.#pod.account}/namespace`, 'utf8').catch(() => 'default')
    return text.trim()
  }
}

/** @throws Error for anything but a list: a page that is none would make the list shorter. */
function itemsOf(body: unknown): readonly unknown[] {
  const items = at(body, 'items')
  if (!Array.isArray(items)) throw new Error('a list of EndpointSlices has an unknown form')
  return items
}

const tooManySlices = new Error(
  `has more than ${fixedLimits.pagesMax * fixedLimits.slicesMax} EndpointSlices`,
)

/** @throws Error outside of a pod, where no API is configured. */
function placeOf(
  { api, ca, tokenFile }: KubernetesSettings,
  { environment, account }: Pod,
): ApiPlace {
  const isOwn = api === undefined
  const token = tokenFile ?? (isOwn ? `${account}/token` : undefined)
  const fields = async (): Promise<Readonly<Record<string, string>>> =>
    token === undefined ? {} : { authorization: `Bearer ${(await readFile(token, 'utf8')).trim()}` }
  return {
    url: api ?? ownApi(environment),
    ca: ca ?? (isOwn ? `${account}/ca.crt` : undefined),
    fields,
  }
}

function ownApi(environment: Pod['environment']): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (host === undefined)
    throw new Error('KUBERNETES_SERVICE_HOST is not set: outside of a cluster write `api`')
  return `https://${hostPortText({ host, port: Number(port) })}`
}

const isExpired = (error: unknown): boolean => error instanceof ApiError && error.status === 410

/** Of the connection, after the head of the answer. */
const isInterruption = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
