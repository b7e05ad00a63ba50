// The HTTP field of a STATUS request that says that the load factor comes from an agent's default metrics alone (mcmp.md
// 1.4). It is no key of the body, where httpd refuses unknown keys; every proxy passes over unknown HTTP fields.

/** In lower case, as names are compared. */
export const loadSourceField = 'topspin-load-source'

export const defaultMetricsSource = 'default-metrics'
