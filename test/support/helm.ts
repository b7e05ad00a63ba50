// A real helm, for tests of the chart.

import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where `go install helm.sh/helm/v3/cmd/helm@latest` puts it. */
const installed = join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'bin', 'helm')
/** Its path; '' where there is none. */
export const helm: string =
  ['helm', installed].find((name) => spawnSync(name, ['version']).status === 0) ?? ''
export const noHelm: string | false =
  helm === ''
    ? 'helm is neither in PATH nor in ~/go/bin: go install helm.sh/helm/v3/cmd/helm@latest'
    : false
