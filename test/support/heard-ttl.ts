// The TTL with which datagrams to a multicast group arrive on the loopback interface. Node.js does not show it; Python does,
// with the number of Linux for IP_RECVTTL.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const listen = `
import socket, struct, sys
group, port = sys.argv[1], int(sys.argv[2])
heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
heard.bind(('', port))
member = socket.inet_aton(group) + socket.inet_aton('127.0.0.1')
heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
heard.setsockopt(socket.IPPROTO_IP, 12, 1)
heard.settimeout(15)
_, fields, _, _ = heard.recvmsg(4096, 256)
print(struct.unpack('i', fields[0][2])[0])
`

/** Of the next datagram. `undefined` on other systems than Linux, and without Python. */
export async function heardTtl(group: string, port: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', listen, group, String(port)])
    return Number(stdout)
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string }
    if (code === 'ENOENT' || stderr.includes('IP_RECVTTL')) return undefined
    throw error
  }
}
