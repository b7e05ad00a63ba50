// Requests to the JSON API, relative to the console's own address.

export const base = '../api/v1'

/** The API has refused; the message is its `detail`. */
class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Refused'
    this.status = status
  }
}

const withinMs = 10_000

export async function read<Answer>(path: string): Promise<Answer> {
  return answerOf<Answer>(await fetch(base + path, { signal: AbortSignal.timeout(withinMs) }))
}

export async function post<Answer>(path: string, body: object = {}): Promise<Answer> {
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(withinMs),
  })
  return answerOf<Answer>(response)
}

export const streamUrl = `${base}/events/stream`

async function answerOf<Answer>(response: Response): Promise<Answer> {
  // What is cut, or no JSON, is no answer.
  if (response.ok) return (await response.json()) as Answer
  const body: unknown = await response.json().catch(() => undefined)
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body
      ? String(body.detail)
      : `the proxy answered ${response.status}`
  throw new Refused(response.status, detail)
}

/** What to show for an error of `read` or `post`. */
export const failureText = (error: unknown): string =>
  error instanceof Refused ? error.message : 'the proxy does not answer'
