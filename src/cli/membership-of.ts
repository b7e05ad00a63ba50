// The flags about a server's membership among its peers, as options; for the commands announce and peer. The key
// may come from the environment, where other users of the machine do not see it.

import type { PeerOptions } from '../peer/membership/options.ts'
import type { AnnounceFlags } from './program.ts'

export function membershipOf(
  flags: AnnounceFlags,
  environment: NodeJS.ProcessEnv = process.env,
): Omit<PeerOptions, 'advertise'> & { readonly advertise?: string } {
  const keys = flags.key ?? keysFrom(environment['TOPSPIN_KEY'])
  return {
    group: flags.group,
    ...(keys === undefined ? {} : { key: keys }),
    ...(flags.context === undefined ? {} : { contexts: flags.context }),
    ...(flags.advertise === undefined ? {} : { advertise: flags.advertise }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.interface === undefined ? {} : { interface: flags.interface }),
    ...(flags.periodMs === undefined ? {} : { periodMs: flags.periodMs }),
    ...(flags.ttl === undefined ? {} : { ttl: flags.ttl }),
    ...(flags.capacity === undefined ? {} : { capacity: flags.capacity }),
  }
}

function keysFrom(text: string | undefined): string[] | undefined {
  return text === undefined || text === '' ? undefined : [text]
}
