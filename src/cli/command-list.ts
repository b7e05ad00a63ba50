// The list of commands of `topspin --help`, in groups, so that it fits one screen.

/** Each command is in one row. */
export const commandList: readonly (readonly [names: string, text: string])[] = [
  ['serve, demo', 'Run the proxy; or a demo cluster with traffic.'],
  ['haproxy', 'Give the nodes that register to a running HAProxy.'],
  ['agent', 'Register a server of any kind with proxies (sidecar).'],
  ['peer, announce', 'Run a peer in front of a server; or announce one.'],
  ['status, nodes, contexts', 'Show a running proxy, its nodes, their contexts.'],
  ['peers', 'Show peers, and who hands over to whom.'],
  ['top', 'Watch nodes and traffic live.'],
  ['tail, events', 'Follow requests; show or follow what has happened.'],
  ['explain', 'Show which node a request would go to, and why.'],
  ['enable, disable, stop', 'Let a node get all requests, no new sessions, none.'],
  ['drain, remove', 'Take a node out without a failed request; forget it.'],
  ['eject, readmit, weight', 'Take it out at once, put it back, give it less.'],
  ['undo', 'Take an action back.'],
  ['reload, upgrade', 'Read the configuration again; replace the process.'],
  ['init, check, config', 'Write a first file; check one; show what is in force.'],
  ['doctor, healthcheck', 'Find out what is wrong; whether it is ready.'],
  ['completion', 'Print the completion for bash, zsh or fish.'],
]

export function commandListText(): string {
  const width = Math.max(...commandList.map(([names]) => names.length))
  return commandList.map(([names, text]) => `  ${names.padEnd(width)}  ${text}`).join('\n')
}
