// One line of the access log. Put together by hand: it is done once for each request, and a general
// JSON writer costs several times as much.

import type { AccessEntry } from '../proxy/index.ts'

const needsEscape = /["\\\u0000-\u001f\u007f-\uffff]/

/** JSON with a line feed. Method, client and code are tokens, addresses and words of ours: nothing in them needs escaping. */
export function accessLine(entry: AccessEntry): string {
  const { time, client, method, status, code, attempts, bytes } = entry
  const durationMs = Math.round(entry.durationMs * 1_000) / 1_000
  return `{"time":${time},"client":"${client}","method":"${method}","target":${quoted(entry.target)},"host":${quoted(entry.host)},"status":${status},"code":"${code}","route":${quoted(entry.route)},"attempts":${attempts},"durationMs":${durationMs},"bytes":${bytes}}\n`
}

const quoted = (text: string): string =>
  needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
