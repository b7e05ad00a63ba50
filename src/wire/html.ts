// HTML from templates: every value is escaped unless it is HTML already. Used by the manager page and by the
// status page of peers.

import { escapeXml } from './mcmp/xml.ts'

/** A piece of HTML that may be put into a page unescaped. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | readonly Html[]

/** `` html`<p>${name}</p>` `` escapes texts and numbers and joins lists. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const pieces = parts.map((part, index) => `${textOf(part)}${strings[index + 1] ?? ''}`)
  return new Html(`${strings[0] ?? ''}${pieces.join('')}`)
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'string' || typeof part === 'number') return escapeXml(String(part))
  return part.map((piece) => piece.text).join('')
}
