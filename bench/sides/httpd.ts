// Apache httpd: mod_proxy_balancer, event MPM, one process. A request holds a thread until its answer
// is with the client, so there are as many threads as the cases have requests at a time.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../support/find-program.ts'
import type { Place, Side } from './side.ts'

const program = findProgram('apache2', '-v')
/** Beside those that Debian builds in, log_config among them. */
const modules = [
  'mpm_event',
  'authz_core',
  'headers',
  'proxy',
  'proxy_http',
  'proxy_balancer',
  'lbmethod_byrequests',
  'slotmem_shm',
]
const threads = 1_200

export const httpd: Side = {
  name: 'httpd',
  version: program?.version,
  howToInstall: 'apt-get install apache2 && service apache2 stop',
  prepare: (place) => {
    mkdirSync(join(place.folder, 'run'))
    const file = join(place.folder, 'httpd.conf')
    writeFileSync(file, configuration(place))
    return { command: program?.path ?? 'apache2', args: ['-DFOREGROUND', '-f', file] }
  },
}

function configuration({ port, folder, nodes, accessLog }: Place): string {
  const log = [
    `LogFormat "{\\"time\\":%{msec}t,\\"client\\":\\"%a\\",\\"method\\":\\"%m\\",\\"target\\":\\"%U\\",\\"host\\":\\"%{Host}i\\",\\"status\\":%>s,\\"node\\":\\"%{BALANCER_WORKER_ROUTE}e\\",\\"duration\\":%D,\\"bytes\\":%B}" access`,
    'BufferedLogs On',
    `CustomLog ${accessLog} access`,
  ]
  return `ServerRoot ${folder}
DefaultRuntimeDir ${folder}/run
PidFile ${folder}/httpd.pid
ServerName localhost
ErrorLog ${folder}/httpd-error.log
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
Listen 127.0.0.1:${port}
ListenBacklog 4096
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
StartServers 1
ServerLimit 1
ThreadLimit ${threads}
ThreadsPerChild ${threads}
MaxRequestWorkers ${threads}
MinSpareThreads 1
MaxSpareThreads ${threads}
AsyncRequestWorkerFactor 20
MaxConnectionsPerChild 0
KeepAlive On
KeepAliveTimeout 600
MaxKeepAliveRequests 0
Timeout 600
${accessLog === undefined ? '' : log.join('\n')}
<Proxy balancer://nodes>
${nodes.map((node, index) => `  BalancerMember http://127.0.0.1:${node} route=n${index + 1}`).join('\n')}
</Proxy>
ProxyPreserveHost On
ProxyPass / balancer://nodes/
RequestHeader set X-Forwarded-Proto http
`
}
