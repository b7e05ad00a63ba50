// `topspin announce`: announces a server that does not run Topspin. It runs on the machine of that server, whose resources
// are announced.

import { requireNats } from '../../net/nats-group.ts'
import type { MembershipOptions } from '../options.ts'
import { needsNats } from './group.ts'
import { PeerMembership } from './membership.ts'
import { portOf, readTarget, watchTarget } from './watch-target.ts'

interface AnnounceOptions extends Omit<MembershipOptions, 'address'> {
  /** The server: `http://host:port` or `https://host:port`. The path is that of the probes. */
  readonly target: string
  /** Where peers send requests to. Default: `target`. */
  readonly address?: string | undefined
  /** Sends goodbyes and ends. */
  readonly signal: AbortSignal
}

/** Resolves at the end, when the goodbyes have been sent. @throws TopspinError for bad options. */
export async function announceTarget(options: AnnounceOptions): Promise<void> {
  const { target: text, signal, ...rest } = options
  const target = readTarget(text, ['http', 'https'])
  if (needsNats(options)) await requireNats()
  const { protocol, hostname } = target
  const place = `${protocol}//${hostname}:${portOf(target)}`
  const membership = new PeerMembership({ ...rest, address: options.address ?? place })
  await watchTarget(target, membership, signal)
  await membership.close()
}
