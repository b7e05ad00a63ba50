// A first configuration file with comments, for `topspin init` and the Debian package. Pure.

export interface FirstFile {
  /** Address for clients. */
  readonly listen: string
  /** Address for nodes and commands. */
  readonly control: string
  /** Fixed nodes; none: nodes register. */
  readonly to: readonly string[]
  /** What nodes and commands have to know; '' for none. */
  readonly secret: string
  /** Path of the JSON Schema. */
  readonly schema: string
}

/** @returns YAML; values are those that the caller has checked. */
export function firstFile({ listen, control, to, secret, schema }: FirstFile): string {
  const nodes = to.length === 0 ? '# to: [10.0.0.5:3000, 10.0.0.6:3000]' : `to: [${to.map(quoted)}]`
  const secretLines =
    secret === ''
      ? '  # Required from nodes and commands, as TOPSPIN_SECRET or --secret-file, where others can reach this address.\n  # secretFile: /etc/topspin/secret'
      : `  # Nodes and commands send it: TOPSPIN_SECRET, or --secret-file.\n  secret: ${quoted(secret)}`
  return `# yaml-language-server: $schema=${schema}
# Configuration of topspin serve. Every key has a default; all keys: docs/configuration.md.
# topspin check FILE finds mistakes, topspin reload puts changes in force.

# Where clients connect. https:// in front means TLS, with \`tls\` below.
listen: ${quoted(listen)}

# Where nodes register, commands ask and /metrics is. Who reaches it can take traffic: never an address for clients.
control:
  listen: ${quoted(control)}
${secretLines}
  # The web console, on a port that browsers open.
  # console: 127.0.0.1:6680

# Servers that do not register themselves; those that do need no entry.
${nodes}

# tls:
#   cert: /etc/topspin/site.crt
#   key: /etc/topspin/site.key

# Registered nodes survive a restart of the proxy.
# state: /var/lib/topspin/topspin.state

# One line of JSON for each request.
# accessLog: /var/log/topspin/access.log

# Proxies in front whose X-Forwarded-For counts.
# trust: [10.0.0.0/8]

timeouts:
  # For requests under way, after SIGTERM.
  drain: 25s
`
}

/** A colon, a bracket or a number must not change what a value is. */
const quoted = (value: string): string => JSON.stringify(value)
