// Builds the Debian package of a built checkout: `node scripts/deb.js [FOLDER]`, by default dist/. Needs dpkg-deb.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { firstFile } from '../dist/src/config/first-file.js'
import { root } from './prepare.js'

const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const target = join(resolve(process.argv[2] ?? join(root, 'dist')), `topspin_${version}_all.deb`)
const folder = mkdtempSync(join(tmpdir(), 'topspin-deb-'))
function build() {
  const program = join(folder, 'usr', 'lib', 'topspin')
  execFileSync(process.execPath, [join(root, 'scripts', 'install-tree.js'), program])
  mkdirSync(join(folder, 'usr', 'bin'))
  symlinkSync('../lib/topspin/bin/topspin.js', join(folder, 'usr', 'bin', 'topspin'))
  for (const [from, to] of [
    ['contrib/systemd/topspin.service', 'usr/lib/systemd/system/topspin.service'],
    ['contrib/systemd/topspin.socket', 'usr/lib/systemd/system/topspin.socket'],
    ['contrib/systemd/topspin.sysusers', 'usr/lib/sysusers.d/topspin.conf'],
    ['contrib/systemd/topspin.tmpfiles', 'usr/lib/tmpfiles.d/topspin.conf'],
    ['LICENSE', 'usr/share/doc/topspin/copyright'],
  ]) {
    mkdirSync(dirname(join(folder, to)), { recursive: true })
    copyFileSync(join(root, from), join(folder, to))
  }
  put('etc/topspin/topspin.yaml', configuration())
  put('DEBIAN/conffiles', '/etc/topspin/topspin.yaml\n')
  put('DEBIAN/control', control())
  for (const [name, script] of Object.entries(scripts)) put(`DEBIAN/${name}`, script, 0o755)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', folder, target])
}

function put(name, text, mode = 0o644) {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode })
}

function configuration() {
  return firstFile({
    listen: '127.0.0.1:8000',
    control: '127.0.0.1:6666',
    to: [],
    secret: '',
    schema: '/usr/lib/topspin/contrib/topspin.schema.json',
  })
}

function control() {
  return `Package: topspin
Version: ${version}
Architecture: all
Section: net
Priority: optional
Depends: nodejs (>= 20.19)
Maintainer: The Topspin maintainers <topspin@example.com>
Description: HTTP load balancer in which servers register themselves
 ${description}.
`
}

/** The service is started by `systemctl enable --now topspin`, not by the installation. */
const scripts = {
  postinst: `#!/bin/sh
set -e
if [ "$1" = configure ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
  systemd-sysusers topspin.conf
  systemd-tmpfiles --create topspin.conf
  systemctl daemon-reload
  systemctl try-restart topspin.service
fi
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
  systemctl disable --now topspin.socket topspin.service
fi
`,
  postrm: `#!/bin/sh
set -e
if [ "$1" = purge ]; then rm -rf "$DPKG_ROOT/var/lib/topspin" "$DPKG_ROOT/var/log/topspin"; fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
`,
}

try {
  chmodSync(folder, 0o755)
  build()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(target)
