// Connections that fail for want of something in this process or machine: they say nothing about the
// other side. Asked by the proxy about nodes and by probes.

const shortages: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

export const isShortage = (error: NodeJS.ErrnoException | undefined): boolean =>
  error?.code !== undefined && shortages.has(error.code)
