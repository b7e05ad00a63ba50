// Writes docs/images/demo.svg from a recording of the demo in a terminal, so that the picture shows what people see:
//   script --quiet --command 'timeout --signal INT 60 npm start' demo.txt
//   node scripts/demo-picture.js demo.txt
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './prepare.js'

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('write: node scripts/demo-picture.js RECORDING')
  process.exit(2)
}
const lines = lastFrame(readFileSync(file, 'utf8'))
const step = 21
const left = 24
const top = 58
const width = 760
const height = top + lines.length * step + 8
writeFileSync(join(root, 'docs', 'images', 'demo.svg'), picture())

/** The screen before the last one, which the end of the demo replaces. */
function lastFrame(recording) {
  const frames = recording.replaceAll('\r', '').split(/\x1b\[\d+A\n?/)
  const [frame = ''] = frames.slice(-1)
  const shown = frame.slice(0, frame.indexOf('Ctrl-C')).replace(/\x1b\[[\d;?]*[A-Za-z]/g, '')
  return ['$ npm start', '', ...shown.trim().split('\n')]
}

function picture() {
  const text = lines.map((line, index) => {
    const y = top + index * step
    return `<text x="${left}" y="${y}"${colour(line)} xml:space="preserve">${escaped(line)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e2e7ea" role="img" aria-labelledby="title">
<title id="title">The demo: three nodes, requests, and no failed one while a node is redeployed</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#12161a" stroke="#2a3138"/>
<g fill="#3a444c"><circle cx="24" cy="20" r="5"/><circle cx="42" cy="20" r="5"/><circle cx="60" cy="20" r="5"/></g>
${text.join('\n')}
</svg>
`
}

function colour(line) {
  if (line.startsWith('$')) return ' fill="#76c5cb"'
  if (/^ *node /.test(line)) return ' fill="#97a3ab"'
  return /failed 0/.test(line) ? ' fill="#66c28e"' : ''
}

function escaped(line) {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
