// Addresses of unix sockets, which stand in the place of a host: `unix:/path`, with port 0. Listeners, nodes and commands
// share this form.

const prefix = 'unix:'

/**
 * Longest path of a socket, bytes. The system allows 107 (macOS 103); a listener binds its socket under a longer name
 * first, see net/socket-file.ts.
 */
export const socketPathMax = 95

/** The path of `unix:/path`; `undefined` for a name or an IP address. */
export const socketPathOf = (host: string): string | undefined =>
  host.startsWith(prefix) ? host.slice(prefix.length) : undefined

export const isUnixAddress = (host: string): boolean => host.startsWith(prefix)

export const unixAddress = (path: string): string => prefix + path

/**
 * `unix:/path` or `unix:///path`; `undefined` for anything else. The path is absolute, of visible ASCII characters
 * without commas, which separate addresses in a list.
 */
export function parseUnixAddress(
  text: string,
): { readonly host: string; readonly port: 0 } | undefined {
  const path = /^unix:(?:\/\/)?(\/(?!\/)[\x21-\x2b\x2d-\x7e]{1,255})$/.exec(text)?.[1]
  if (path === undefined || path.endsWith('/') || path.length > socketPathMax) return undefined
  return { host: unixAddress(path), port: 0 }
}
