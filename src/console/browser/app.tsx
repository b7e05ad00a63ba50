// The frame of all pages: names and ways on top, what is wrong below them, then the page.

import { useEffect, useState } from 'preact/hooks'
import { printable } from '../../base/printable.ts'
import { Banner } from './banner.tsx'
import { EventsPage } from './events-page.tsx'
import { ExplainPage } from './explain-page.tsx'
import { keysHelp, useKey } from './keys.ts'
import { NodePage } from './node-page.tsx'
import { Notices } from './notices.tsx'
import { Overview } from './overview.tsx'
import { PeersPage } from './peers-page.tsx'
import { ProxyPage } from './proxy-page.tsx'
import { type Route, useRoute } from './route.ts'
import { type Store, useStore } from './store.ts'
import { TailPage } from './tail-page.tsx'
import { useTheme } from './theme.ts'

const pages: readonly (readonly [path: string, title: string])[] = [
  ['', 'Overview'],
  ['explain', 'Explain'],
  ['events', 'Events'],
  ['tail', 'Live tail'],
  ['proxy', 'Proxy'],
  ['peers', 'Peers'],
]

const themeTexts = { system: 'Auto', light: 'Light', dark: 'Dark' } as const

export const App = () => {
  const store = useStore()
  const route = useRoute()
  const [theme, nextTheme] = useTheme()
  const [isHelpOpen, setHelpOpen] = useState(false)
  const [first = ''] = route.parts
  const place = first === 'nodes' ? '' : first
  useKey('t', nextTheme)
  useKey('?', () => setHelpOpen(!isHelpOpen))
  for (const [index, [path]] of pages.entries())
    useKey(String(index + 1), () => {
      location.hash = `#/${path}`
    })
  const title = titleOf(route)
  useEffect(() => {
    document.title = `${printable(title)} · Topspin`
  }, [title])
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        To the content
      </button>
      <header class="bar">
        <a class="brand" href="#/">
          Topspin
        </a>
        <nav aria-label="Pages">
          {pages.map(([path, text]) => (
            <a
              key={path}
              href={`#/${path}`}
              {...(path === place ? { 'aria-current': 'page' } : {})}
            >
              {text}
            </a>
          ))}
        </nav>
        <span class={store.isLive ? 'live' : 'live lost'}>
          <i aria-hidden="true" />
          {store.isLive ? 'live' : 'not connected'}
        </span>
        <button
          type="button"
          class="quiet"
          onClick={nextTheme}
          title="Light, dark, or as the system (t)"
        >
          <span class="hidden">Colours: </span>
          {themeTexts[theme]}
        </button>
        <button
          type="button"
          class="quiet keys"
          aria-expanded={isHelpOpen}
          aria-label="Keys"
          onClick={() => setHelpOpen(!isHelpOpen)}
        >
          ?
        </button>
      </header>
      {isHelpOpen && (
        <dl class="card help" aria-label="Keys">
          {keysHelp.map(([key, text]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      <Banner store={store} />
      <main id="main" tabIndex={-1}>
        <Page store={store} route={route} />
      </main>
      <Notices store={store} />
    </>
  )
}

function skip(): void {
  document.getElementById('main')?.focus()
}

function titleOf({ parts: [first = '', second = ''] }: Route): string {
  if (first === 'nodes') return second
  return pages.find(([path]) => path === first)?.[1] ?? 'Not found'
}

const Page = ({ store, route }: { readonly store: Store; readonly route: Route }) => {
  const [first = '', second = ''] = route.parts
  switch (first) {
    case '':
      return <Overview store={store} />
    case 'nodes':
      return <NodePage key={second} store={store} route={second} />
    case 'explain':
      return <ExplainPage query={route.query} />
    case 'events':
      return <EventsPage store={store} />
    case 'tail':
      return <TailPage key={String(route.query)} query={route.query} />
    case 'peers':
      return <PeersPage />
    case 'proxy':
      return <ProxyPage store={store} />
    default:
      return (
        <p>
          There is no such page. <a href="#/">Overview</a>
        </p>
      )
  }
}
