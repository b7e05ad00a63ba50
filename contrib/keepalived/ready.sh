#!/bin/bash
# Whether the proxy of this machine takes clients: 0 or 1. For `vrrp_script` of keepalived.conf; needs no other program.
# HOST and PORT are those of `health.listen`.
HOST=127.0.0.1
PORT=6670
exec 3<>"/dev/tcp/$HOST/$PORT" || exit 1
printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
read -r -t 1 _ status _ <&3
[ "$status" = 200 ]
