// The problems of HTTP/1 messages. Parsers return them as negative numbers, so that valid messages cost no allocation;
// `problemOf` returns status, code and text.

export interface HttpProblem {
  /** Status of the response to a client that sent the message. If a node sent it, its client gets a 502. */
  readonly status: number
  readonly code: string
  readonly text: string
}

const problems: readonly HttpProblem[] = [
  { status: 400, code: 'HTTP_REQUEST_LINE', text: 'invalid request line' },
  { status: 400, code: 'HTTP_TARGET', text: 'invalid request target' },
  { status: 414, code: 'HTTP_TARGET_LONG', text: 'request target too long' },
  { status: 505, code: 'HTTP_VERSION', text: 'HTTP version not supported' },
  { status: 400, code: 'HTTP_FIELD', text: 'invalid field line' },
  { status: 431, code: 'HTTP_FIELDS_LARGE', text: 'header fields too large' },
  { status: 400, code: 'HTTP_HOST', text: 'missing, repeated or invalid Host' },
  { status: 400, code: 'HTTP_LENGTH', text: 'invalid or conflicting Content-Length' },
  { status: 400, code: 'HTTP_CODING', text: 'invalid Transfer-Encoding' },
  { status: 400, code: 'HTTP_CONNECTION', text: 'invalid Connection field' },
  { status: 405, code: 'HTTP_METHOD', text: 'method not allowed' },
  { status: 417, code: 'HTTP_EXPECT', text: 'unknown expectation' },
  { status: 400, code: 'HTTP_CHUNK', text: 'invalid chunked body' },
  { status: 400, code: 'HTTP_STATUS_LINE', text: 'invalid status line' },
  { status: 508, code: 'HTTP_LOOP', text: 'request came back to this proxy' },
]

const numbered = (code: string): number => {
  const index = problems.findIndex((problem) => problem.code === code)
  return -(index + 1)
}

/** No problem: more bytes are needed. */
export const INCOMPLETE = 0
export const BAD_REQUEST_LINE: number = numbered('HTTP_REQUEST_LINE')
export const BAD_TARGET: number = numbered('HTTP_TARGET')
export const TARGET_LONG: number = numbered('HTTP_TARGET_LONG')
export const BAD_VERSION: number = numbered('HTTP_VERSION')
export const BAD_FIELD: number = numbered('HTTP_FIELD')
export const FIELDS_LARGE: number = numbered('HTTP_FIELDS_LARGE')
export const BAD_HOST: number = numbered('HTTP_HOST')
export const BAD_LENGTH: number = numbered('HTTP_LENGTH')
export const BAD_CODING: number = numbered('HTTP_CODING')
export const BAD_CONNECTION: number = numbered('HTTP_CONNECTION')
export const BAD_METHOD: number = numbered('HTTP_METHOD')
export const BAD_EXPECT: number = numbered('HTTP_EXPECT')
export const BAD_CHUNK: number = numbered('HTTP_CHUNK')
export const BAD_STATUS_LINE: number = numbered('HTTP_STATUS_LINE')
export const LOOP: number = numbered('HTTP_LOOP')

/** @param result of a parser, negative. @throws RangeError for any other number. */
export function problemOf(result: number): HttpProblem {
  const problem = problems[-result - 1]
  if (problem === undefined) throw new RangeError(`not a problem: ${result}`)
  return problem
}
