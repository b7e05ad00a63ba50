// A table that may be wider than the screen: it scrolls by itself, by the keyboard, too.

import type { ComponentChildren } from 'preact'

interface Properties {
  readonly label: string
  readonly children: ComponentChildren
}

export const Scroll = ({ label, children }: Properties) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
  <section class="scroll" aria-label={label} tabIndex={0}>
    {children}
  </section>
)
