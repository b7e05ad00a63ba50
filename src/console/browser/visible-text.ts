// Hidden and control characters in what is shown are written as `\u{202e}`. Names come from nodes, peers and clients, and such
// a character could make one look like another. Called once, before the first page is drawn.

import { options, type VNode } from 'preact'
import { printable } from '../../base/printable.ts'

const textAttributes = ['title', 'aria-label'] as const

export function showHiddenCharacters(): void {
  options.vnode = (vnode: VNode): void => {
    const { type, props } = vnode as VNode<Record<string, unknown> | string>
    // The properties of a text are the text.
    if (typeof props === 'string') Object.assign(vnode, { props: printable(props) })
    else if (typeof type === 'string')
      for (const name of textAttributes) {
        const value = props[name]
        if (typeof value === 'string') props[name] = printable(value)
      }
  }
}
