// The problems of HTTP/1 messages. Parsers return them as negative numbers, so that valid messages cost no allocation;
// `problemOf` returns status, code and text.

interface HttpProblem {
  /** Status of the response to a client that sent the message. If a node sent it, its client gets a 502. */
  readonly status: number
  readonly code: string
  readonly text: string
}

const problems: HttpProblem[] = []

/** @returns the number of the problem. */
function problem(status: number, code: string, text: string): number {
  problems.push({ status, code, text })
  return -problems.length
}

/** No problem: more bytes are needed. */
export const INCOMPLETE = 0
export const BAD_REQUEST_LINE: number = problem(400, 'HTTP_REQUEST_LINE', 'invalid request line')
export const BAD_TARGET: number = problem(400, 'HTTP_TARGET', 'invalid request target')
export const TARGET_LONG: number = problem(414, 'HTTP_TARGET_LONG', 'request target too long')
export const BAD_VERSION: number = problem(505, 'HTTP_VERSION', 'HTTP version not supported')
export const BAD_FIELD: number = problem(400, 'HTTP_FIELD', 'invalid field line')
export const BAD_LINE_END: number = problem(400, 'HTTP_FIELD', 'a line does not end with CR LF')
const tooLarge = (text: string): number => problem(431, 'HTTP_FIELDS_LARGE', text)
export const FIELD_LARGE: number = tooLarge('header field longer than headers.maxField')
export const FIELDS_MANY: number = tooLarge('more header fields than headers.maxCount')
export const HEAD_LARGE: number = tooLarge('header fields larger than headers.maxTotal')
export const TRAILERS_LARGE: number = tooLarge('trailer fields too large')
export const BAD_HOST: number = problem(400, 'HTTP_HOST', 'missing, repeated or invalid Host')
export const BAD_LENGTH: number = problem(
  400,
  'HTTP_LENGTH',
  'invalid or conflicting Content-Length',
)
export const BAD_CODING: number = problem(400, 'HTTP_CODING', 'invalid Transfer-Encoding')
export const BAD_CONNECTION: number = problem(400, 'HTTP_CONNECTION', 'invalid Connection field')
export const BAD_METHOD: number = problem(405, 'HTTP_METHOD', 'method not allowed')
export const BAD_EXPECT: number = problem(417, 'HTTP_EXPECT', 'unknown expectation')
export const BAD_CHUNK: number = problem(400, 'HTTP_CHUNK', 'invalid chunked body')
export const BAD_STATUS_LINE: number = problem(400, 'HTTP_STATUS_LINE', 'invalid status line')
export const LOOP: number = problem(508, 'HTTP_LOOP', 'request came back to this proxy')

/** @param result of a parser, negative. @throws RangeError for any other number. */
export function problemOf(result: number): HttpProblem {
  const found = problems[-result - 1]
  if (found === undefined) throw new RangeError(`not a problem: ${result}`)
  return found
}
