// Warnings about a configuration that is valid, at the start and after each reload.

import { type Endpoint, hostPortText } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import { tlsNotes } from '../config/tls-files.ts'
import { isLoopback } from '../net/address.ts'
import type { ListenPlaces } from './inherited-sockets.ts'
import type { Present } from './service-options.ts'

export function warnOfUnused({ unused }: ListenPlaces, log: Logger): void {
  for (const { name, fd, address, from } of unused)
    if (from === undefined)
      log.warn(
        { name, fd, address: hostPortText(address) },
        'inherited socket not used: name it in listen, as fd:NAME',
      )
}

/** @param bound the address of the control listener. */
export function warnOfRisks(
  { config: { control }, tls, secret }: Pick<Present, 'config' | 'tls' | 'secret'>,
  bound: Endpoint,
  log: Logger,
): void {
  if (tls.nodes.verify === false) log.warn({}, 'certificates of nodes are not verified')
  for (const { path, message } of tlsNotes(tls))
    log.warn({ key: path, reason: message }, 'clients may refuse the certificate')
  const isOpenToAll =
    !isLoopback(bound.host) &&
    !isUnixAddress(bound.host) &&
    control.allow.length === 0 &&
    secret === '' &&
    control.tls.clientAuth !== 'require'
  if (isOpenToAll)
    log.warn(
      { control: bound },
      'every machine that reaches the control listener can receive the traffic: set control.allow or control.secret',
    )
}
