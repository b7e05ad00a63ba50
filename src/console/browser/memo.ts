// A component that is drawn again only when `stamp` of its properties has changed.

import { Component, type ComponentChild, type ComponentType } from 'preact'

export function memo<Properties extends object>(
  draw: (properties: Properties) => ComponentChild,
  stamp: (properties: Properties) => string,
): ComponentType<Properties> {
  return class extends Component<Properties> {
    #drawn = ''

    override shouldComponentUpdate(next: Properties): boolean {
      return stamp(next) !== this.#drawn
    }

    override render(): ComponentChild {
      this.#drawn = stamp(this.props)
      return draw(this.props)
    }
  }
}
