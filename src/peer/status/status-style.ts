// The style of the status page. It is part of the page, so that the page needs no other file.

import { palette } from '../../wire/palette.ts'

export const statusStyle: string = `
${palette}
* { box-sizing: border-box }
body { margin: 0; padding: 1.25rem 1.5rem; background: var(--page); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums }
h1 { margin: 0; font-size: 1.35rem; font-weight: 500 }
header p { margin: .25rem 0; color: var(--soft) }
header p.warning { color: var(--bad) }
main { overflow-x: auto }
table { border-collapse: collapse; margin-top: 1.25rem }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; white-space: nowrap }
th, td { padding: .4rem .45rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; white-space: nowrap; font-weight: normal }
thead th[scope=col] { white-space: normal }
tbody th[scope=row] { white-space: normal; overflow-wrap: anywhere; min-width: 9.5rem }
thead th { background: var(--card); color: var(--soft); font-size: .85rem; vertical-align: bottom }
thead th[colspan] { text-align: center; border-left: 1px solid var(--line) }
th[scope=row], thead th:first-child { text-align: left }
tbody th[scope=row] { font-weight: 600 }
small { display: block; color: var(--soft); font-size: .8rem; font-weight: normal }
.self { background: var(--card) }
.silent, .left { color: var(--soft) }
.state { font-weight: 600 }
.present .state, .self .state { color: var(--good) }
.silent .state, .left .state { color: var(--bad) }
.bar { display: inline-block; width: 2.5rem; height: .5rem; margin-right: .4rem; border-radius: 1rem; background: var(--line); overflow: hidden; vertical-align: middle }
.bar i { display: block; height: 100%; background: var(--link) }
.groups { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: flex-start }
.groups th { font-weight: normal !important }
`
