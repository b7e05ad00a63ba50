// The listeners of `topspin serve`, for the API. Called by running-services.ts.

import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { addressTlsName } from '../config/tls-files.ts'
import type { ListenerReport } from '../control/inspection.ts'
import type { Control } from '../control/start-control.ts'
import type { HealthService } from './health-service.ts'
import type { Present } from './service-options.ts'

interface Bound {
  readonly control: Pick<Control, 'address' | 'console' | 'isListening'>
  readonly health: Pick<HealthService, 'address'>
}

export function listenerReports(
  { config, tls, places, traffic }: Present,
  { control, health }: Bound,
): readonly ListenerReport[] {
  const forClients = traffic.map((address, index): ListenerReport => {
    const { tlsFiles, http2, proxyProtocol } = places.traffic[index]?.entry ?? {}
    const options = tlsFiles === undefined ? tls.traffic : tls.addresses[addressTlsName(tlsFiles)]
    return {
      ...reportOf('traffic', address),
      clientAuth: address.tls === true ? (options?.clientAuth ?? 'none') : 'none',
      http2: http2 ?? config.http2,
      proxyProtocol: proxyProtocol ?? null,
    }
  })
  const clientAuth = tls.control?.clientAuth ?? 'none'
  const { console } = control
  return [
    ...forClients,
    ...(control.isListening ? [{ ...reportOf('control', control.address), clientAuth }] : []),
    ...(console === undefined ? [] : [{ ...reportOf('console', console), clientAuth }]),
    ...(health.address === undefined ? [] : [reportOf('health', health.address)]),
  ]
}

const reportOf = (use: ListenerReport['use'], address: Endpoint): ListenerReport => ({
  use,
  address: hostPortText(address),
  tls: address.tls === true,
  clientAuth: 'none',
  http2: false,
  proxyProtocol: null,
})
