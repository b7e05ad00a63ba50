// Hands everything over to a new process, in an order in which no request and no message is lost, and takes it back when
// the new process fails:
//
//   1 it starts, and checks its configuration
//   2 it receives the sockets and the state of the cluster, and follows the changes
//   3 it accepts clients, beside this process
//   4 this process answers the control messages on their way, and writes the state file for the last time
//   5 the registry is the new process's; it answers control messages, and this process follows its changes
//
// Called by running-services.ts.

import { hostPortText } from '../../base/host-port.ts'
import { upgradeLimits } from '../../base/limits.ts'
import { changesFrom } from '../../cluster/changes-from.ts'
import { factOf, factsFrom } from '../../cluster/live-facts.ts'
import type { AdvertiserIdentity } from '../../control/advertiser.ts'
import { isOpenHandle, type ListenHandle } from '../../node-internals/listen-handle.ts'
import { listenKeys } from '../../proxy/index.ts'
import type { InheritedSocket } from '../inherited-sockets.ts'
import type { Parts, Present } from '../service-options.ts'
import { type Launch, Successor, UpgradeFailure } from './successor.ts'

export type HandOverResult =
  | { readonly ok: true; readonly successor: Successor; readonly version: string }
  /** This process goes on as before. */
  | { readonly ok: false; readonly problems: readonly string[] }

/** Numbers of the copies that are sent back. */
const [controlCopy, consoleCopy] = [1, 2]

/** @param signal aborts it, as long as the registry is this process's. */
export async function handOver(
  parts: Parts,
  present: Present,
  launch: Launch,
  signal: AbortSignal,
): Promise<HandOverResult> {
  const successor = new Successor(launch)
  const stopMs = present.config.timeouts.drain + upgradeLimits.endMs
  const stop = (reason: string): void => void successor.stop(stopMs, reason)
  const onAbort = (): void => stop('this process ends')
  signal.addEventListener('abort', onAbort)
  try {
    const version = await prepare(successor, parts, present)
    signal.removeEventListener('abort', onAbort)
    await giveAway(successor, parts, present)
    return { ok: true, successor, version }
  } catch (error) {
    if (!(error instanceof UpgradeFailure)) throw error
    stop('it was stopped')
    return { ok: false, problems: error.problems }
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (parts.cluster.follower === successor) parts.cluster.follower = undefined
    for (const copy of successor.copies.values()) copy.close()
  }
}

/** Steps 1 to 3. @returns the version of the new process. */
async function prepare(successor: Successor, parts: Parts, present: Present): Promise<string> {
  const { preparedMs } = upgradeLimits
  const end = performance.now() + preparedMs
  const { version } = await successor.expect('hello', preparedMs)
  for (const [socket, copy] of socketsOf(parts, present)) {
    const { handle, ...rest } = socket
    successor.send({ kind: 'socket', ...rest, ...(copy === undefined ? {} : { copy }) }, handle)
  }
  const { cluster, ticketKeys, pseudonym } = parts
  const { registry, live, runId } = cluster
  const { snapshot } = registry
  successor.send({
    kind: 'state',
    changes: changesFrom(snapshot, live),
    facts: factsFrom(snapshot, live),
    runId,
    ticketKeys: ticketKeys.current,
    pseudonym,
  })
  cluster.follower = successor
  await successor.expect('prepared', Math.max(0, end - performance.now()), preparedMs)
  return version
}

/** Steps 4 and 5. Rejects when the new process fails; then this process has taken everything back. */
async function giveAway(successor: Successor, parts: Parts, present: Present): Promise<void> {
  const { cluster, control, advertising, log } = parts
  await control.leave(upgradeLimits.messagesMs)
  await cluster.pause()
  const advertiser = await advertising.stop()
  const facts = [...cluster.registry.snapshot.nodes.keys()].map((id) =>
    factOf(id, cluster.live.of(id)),
  )
  successor.send({ kind: 'yours', facts, ...(advertiser === undefined ? {} : { advertiser }) })
  try {
    await successor.expect('ready', upgradeLimits.readyMs)
  } catch (error) {
    await takeBack(successor, parts, present, advertiser).catch((problem: Error) =>
      log.error({ reason: problem.message }, 'the control listener cannot be opened again'),
    )
    throw error
  }
}

async function takeBack(
  successor: Successor,
  { cluster, control, advertising }: Parts,
  { config }: Present,
  advertiser: AdvertiserIdentity | undefined,
): Promise<void> {
  advertising.use(config, control.address, advertiser)
  await cluster.resume()
  const [listen, console] = [controlCopy, consoleCopy].map((each) => take(successor.copies, each))
  await control.resume({ listen, console })
}

function take(copies: Map<number, ListenHandle>, number: number): ListenHandle | undefined {
  const copy = copies.get(number)
  copies.delete(number)
  return copy
}

/** All listening sockets that are open, with the numbers of those of which a copy is needed. */
function socketsOf(
  { plane, control, health, inherited }: Parts,
  { places, traffic, config }: Present,
): readonly (readonly [InheritedSocket, number | undefined])[] {
  const { listen, console } = control.handles()
  const copyOf = (handle: ListenHandle): number | undefined =>
    handle === listen ? controlCopy : handle === console ? consoleCopy : undefined
  const keys = listenKeys(places.traffic.map(({ entry }) => entry))
  const own = [
    ...places.traffic.map(({ at, isPassed }, index) => ({
      use: 'traffic' as const,
      at,
      isPassed,
      address: traffic[index],
      handle: plane.socketAt(keys[index] ?? ''),
    })),
    { use: 'control' as const, ...places.control, address: control.address, handle: listen },
    {
      use: 'console' as const,
      at: places.console?.at ?? '',
      isPassed: places.console?.isPassed === true,
      address: control.console,
      handle: console,
    },
    {
      use: 'health' as const,
      at: config.health.listen === undefined ? '' : hostPortText(config.health.listen),
      isPassed: false,
      address: health.address,
      handle: health.handle,
    },
  ].flatMap(({ use, at, isPassed, address, handle }): InheritedSocket[] => {
    if (isPassed || address === undefined || handle === undefined) return []
    const { host, port } = address
    return [{ name: use, fd: -1, address: { host, port }, handle, from: { use, at } }]
  })
  const passed = inherited.filter(({ from, handle }) => from === undefined && isOpenHandle(handle))
  return [...own, ...passed].map((socket) => [socket, copyOf(socket.handle)])
}
