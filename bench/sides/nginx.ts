// nginx with one worker process. Its buffers have their default sizes; answers that the client takes
// slowly are not written to temporary files, which is what it does by default and costs it much.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../support/find-program.ts'
import { rootUser } from '../support/root-user.ts'
import type { Place, Side } from './side.ts'

const program = findProgram('nginx', '-v')

export const nginx: Side = {
  name: 'nginx',
  version: program?.version,
  http2: true,
  howToInstall: 'apt-get install nginx-light',
  prepare: (place) => {
    const file = join(place.folder, 'nginx.conf')
    writeFileSync(file, configuration(place))
    return { command: program?.path ?? 'nginx', args: ['-p', place.folder, '-c', file] }
  },
}

function configuration({
  port,
  http2Port,
  tlsPort,
  certificate,
  folder,
  nodes,
  accessLog,
}: Place): string {
  return `${rootUser}daemon off;
pid ${folder}/nginx.pid;
error_log stderr error;
worker_processes 1;
events { worker_connections 32768; }
http {
  log_format access escape=json '{"time":$msec,"client":"$remote_addr","method":"$request_method",'
    '"target":"$request_uri","host":"$http_host","status":$status,"node":"$upstream_addr",'
    '"duration":$request_time,"bytes":$bytes_sent}';
  access_log ${accessLog === undefined ? 'off' : `${accessLog} access buffer=16k flush=1s`};
  keepalive_requests 1000000000;
  keepalive_timeout 10m;
  client_body_buffer_size 64k;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/temp;
  fastcgi_temp_path ${folder}/temp;
  uwsgi_temp_path ${folder}/temp;
  scgi_temp_path ${folder}/temp;
  proxy_max_temp_file_size 0;
  upstream nodes {
${nodes.map((node) => `    server 127.0.0.1:${node};`).join('\n')}
    keepalive 1024;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    listen 127.0.0.1:${http2Port} http2 backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl http2 backlog=4096;
    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};
    location / {
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`
}
