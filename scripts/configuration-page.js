// Writes docs/configuration.md from the configuration schema (after a build); with --check it only
// says whether the page is up to date. A unit test runs the latter.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentName } from '../dist/src/config/config.js'
import { configJsonSchema } from '../dist/src/config/schema.js'
import { root } from './prepare.js'

const target = join(root, 'docs', 'configuration.md')
const page = configurationPage()

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== page) {
    console.error('docs/configuration.md is stale: run node scripts/configuration-page.js')
    process.exitCode = 1
  }
} else {
  writeFileSync(target, page)
}

function configurationPage() {
  return `# Configuration of \`topspin serve\`

<!-- Written by scripts/configuration-page.js from src/config/schema.ts: change it there. -->

Every value has a default, so no file is needed. Each place overrules those before it:

1. the defaults below,
2. the file given with \`--config FILE\` (YAML or JSON),
3. the environment, by the variable named below (a list is written with commas),
4. the flags \`--listen\`, \`--control\`, \`--console\`, \`--to\`, \`--workers\` and \`--state\`.

Durations are written \`500ms\`, \`10s\`, \`1.5m\`, \`1h\`, or as a number of milliseconds. Addresses are
\`HOST:PORT\`, \`[IPv6]:PORT\`, or only a port on 127.0.0.1. An unknown key is an error.
\`topspin check FILE\` tells all problems of a file at once, with line and column.

SIGHUP reads the file again. A file with a problem changes nothing; in a good one \`to\`, \`candidacy\`,
\`balance\`, \`log.level\` and everything about certificates take effect at once, and any other changed value
is named in the log: it needs a new start. The files of certificates and keys are read again, too, for what
begins from then on; that of \`accessLog\` is opened again under its name, for tools that rename it.

\`\`\`yaml
listen: [0.0.0.0:8000]
control:
  listen: 10.0.0.1:6666
trust: [10.0.0.0/8]
timeouts:
  connect: 1s
log:
  level: warn
\`\`\`

${rows(configJsonSchema(), []).join('\n\n')}
`
}

function rows(schema, path) {
  if (schema.properties === undefined) return [row(schema, path)]
  return Object.entries(schema.properties).flatMap(([key, inner]) => rows(inner, [...path, key]))
}

function row(schema, path) {
  const none = schema.default === undefined || schema.default === ''
  const given = none ? 'none' : `\`${schema.default}\``
  return `## \`${path.join('.')}\`

${schema.description}

${schema.form} · default ${given} · \`${environmentName(path)}\``
}
