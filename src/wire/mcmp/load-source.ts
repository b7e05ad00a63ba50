// The HTTP field of a STATUS request with a load factor from an agent's default metrics (mcmp.md 1.4). It is no key of the
// body, because httpd refuses unknown keys there; all proxies ignore unknown HTTP fields.

/** In lower case, as names are compared. */
export const loadSourceField = 'topspin-load-source'

export const defaultMetricsSource = 'default-metrics'
