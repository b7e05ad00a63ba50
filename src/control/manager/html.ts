// HTML out of parts: what is put into a template is escaped unless it is HTML already. Pure.

import { escapeXml } from '../../wire/mcmp/xml.ts'

/** A piece of HTML that is safe to put into a page. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | readonly Html[]

/** `` html`<p>${name}</p>` ``: texts and numbers are escaped, lists are joined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const pieces = parts.map((part, index) => `${textOf(part)}${strings[index + 1] ?? ''}`)
  return new Html(`${strings[0] ?? ''}${pieces.join('')}`)
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'string' || typeof part === 'number') return escapeXml(String(part))
  return part.map((piece) => piece.text).join('')
}
