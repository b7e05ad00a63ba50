// A rule of the configuration for the health checks of nodes. The check of one node follows from it in health-check.ts.

/** An HTTP request that a node answers while it is healthy. */
export interface HttpQuestion {
  readonly method: string
  /** Origin form, or `*`. */
  readonly path: string
  /** For the Host field; '' for the address of the node. */
  readonly host: string
  /** Statuses of a healthy node, as pairs of the lowest and the highest. */
  readonly expect: readonly (readonly [number, number])[]
}

/** One entry of `health` in the configuration. Absent values have the defaults of `defaultCheck`. */
export interface HealthRule {
  /** Route or address of the node to which it applies. */
  readonly node?: string | undefined
  /** Name of the balancer to whose nodes it applies. */
  readonly balancer?: string | undefined
  readonly probe: 'auto' | 'none' | 'tcp' | 'http' | 'grpc'
  /** Of `grpc`: the name of a service of gRPC; absent: the server as a whole. */
  readonly service?: string | undefined
  readonly method?: string | undefined
  readonly path?: string | undefined
  readonly host?: string | undefined
  readonly expect?: HttpQuestion['expect'] | undefined
  /** Milliseconds. */
  readonly interval?: number | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
  readonly rise?: number | undefined
  readonly fall?: number | undefined
}
