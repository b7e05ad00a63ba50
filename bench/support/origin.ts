// The server behind all proxies: nginx where it is installed, otherwise one of our own on node:http.
// It listens on three ports, so that every proxy has three nodes. Its resources are files of the
// sizes below; /post reads a body to its end; /echo tells the port and the forwarded fields.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, type Launch } from './child.ts'
import { findProgram } from './find-program.ts'
import { freePort } from './ports.ts'
import { rootUser } from './root-user.ts'

export const resources: Readonly<Record<string, number>> = {
  '/100b': 100,
  '/10k': 10_240,
  '/64k': 65_536,
  '/1m': 1_048_576,
  '/32m': 33_554_432,
}

/** What every resource consists of, again and again. */
export const filler = 'topspin 0123456789 abcdefghijklmnopqrstuvwxyz\n'

export interface Origin {
  readonly name: string
  readonly ports: readonly number[]
  readonly child: Child
}

export async function startOrigin(folder: string): Promise<Origin> {
  for (const [path, bytes] of Object.entries(resources)) {
    writeFileSync(
      join(folder, path),
      filler.repeat(Math.ceil(bytes / filler.length)).slice(0, bytes),
    )
  }
  const ports = [await freePort(), await freePort(), await freePort()]
  const nginx = findProgram('nginx', '-v')
  const name = nginx ? `nginx ${nginx.version}` : `node:http of Node.js ${process.versions.node}`
  const launch = nginx ? nginxLaunch(nginx.path, folder, ports) : nodeLaunch(folder, ports)
  return { name, ports, child: new Child('origin', launch, folder) }
}

function nodeLaunch(folder: string, ports: readonly number[]): Launch {
  const program = fileURLToPath(new URL('../node-origin.js', import.meta.url))
  return { command: process.execPath, args: [program, folder, ...ports.map(String)] }
}

/** nginx answers POST for a file with 405, which is made 200 here; the mirror makes it read the body. */
function nginxLaunch(path: string, folder: string, ports: readonly number[]): Launch {
  const configuration = join(folder, 'origin.conf')
  writeFileSync(
    configuration,
    `${rootUser}daemon off;
pid ${folder}/origin.pid;
error_log stderr error;
worker_processes 1;
events { worker_connections 16384; }
http {
  access_log off;
  default_type application/octet-stream;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  client_body_buffer_size 64k;
  client_body_temp_path ${folder}/origin-body;
  proxy_temp_path ${folder}/origin-temp;
  fastcgi_temp_path ${folder}/origin-temp;
  uwsgi_temp_path ${folder}/origin-temp;
  scgi_temp_path ${folder}/origin-temp;
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=4096;`).join('\n')}
    root ${folder};
    location /echo {
      return 200 "$server_port $http_x_forwarded_for $http_x_forwarded_proto $http_x_forwarded_host";
    }
    location = /post {
      mirror /nowhere;
      try_files /100b =404;
      error_page 405 =200 @done;
    }
    location = /nowhere { internal; return 204; }
    location @done { return 200 "done"; }
  }
}
`,
  )
  return { command: path, args: ['-p', folder, '-c', configuration] }
}
