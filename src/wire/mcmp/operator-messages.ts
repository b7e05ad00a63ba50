// Messages of operators about a node or a context. Written by the commands and by the API.

import type { AppMessage, AppMethod } from './message.ts'

/** For all contexts of a node. */
export const nodeOrder = (method: AppMethod, route: string): AppMessage => ({
  method,
  wildcard: true,
  route,
  aliases: [],
  contexts: [],
  sender: 'operator',
})

/** For one context under these aliases. */
export const contextOrder = (
  method: AppMethod,
  route: string,
  aliases: readonly string[],
  context: string,
): AppMessage => ({
  method,
  wildcard: false,
  route,
  aliases,
  contexts: [context],
  sender: 'operator',
})
