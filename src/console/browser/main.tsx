// The web console: begins to follow the proxy, and draws the page.

import { render } from 'preact'
import { App } from './app.tsx'
import { store } from './store.ts'
import { showHiddenCharacters } from './visible-text.ts'

const place = document.getElementById('app')
if (place === null) throw new Error('the page has no place for the console')
showHiddenCharacters()
store.start()
render(<App />, place)
