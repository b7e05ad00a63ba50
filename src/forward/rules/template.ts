// A text with variables, as `app-{host}`: the values of header fields that rules set. Other braces are characters.

/** What the variables stand for, of one request. */
export interface RuleValues {
  /** Name in Host without port, in lower case. */
  readonly host: string
  /** Address of the client, behind trusted proxies. */
  readonly client: string
  readonly scheme: 'http' | 'https'
  readonly method: string
  /** As the client sent it, without the query. */
  readonly path: string
  /** As in the access log; '' where requests have none. */
  readonly requestId: string
  /** The node that has answered, and its address; '' before that. */
  readonly route: string
  readonly node: string
}

export type Variable = keyof RuleValues

/** Those that are known when a request leaves for a node. */
export const requestVariables: readonly Variable[] = [
  'host',
  'client',
  'scheme',
  'method',
  'path',
  'requestId',
]
/** Those that are known when a response leaves for the client. */
export const responseVariables: readonly Variable[] = [...requestVariables, 'route', 'node']

export interface Template {
  /** `undefined` for a text without variables, which is `text`. */
  readonly render: ((values: RuleValues) => string) | undefined
  readonly text: string
}

/** The names in braces. */
export const variablesIn = (text: string): readonly string[] =>
  [...text.matchAll(braces)].map(([, name = '']) => name)

const braces = /\{([A-Za-z]+)\}/g

/** @param text whose names in braces are variables. */
export function templateOf(text: string): Template {
  const names = variablesIn(text) as readonly Variable[]
  if (names.length === 0) return { render: undefined, text }
  const between = text.split(/\{[A-Za-z]+\}/)
  // A value that begins or ends with nothing would leave white space there, which is no field value.
  const render = (values: RuleValues): string =>
    names.reduce((made, name, at) => made + values[name] + between[at + 1], between[0] ?? '').trim()
  return { render, text }
}
