// npm http-proxy-3 as a balancer of three servers. Started by bench/sides/npm.ts.
import { createProxyServer } from 'http-proxy-3'
import { serveWith } from './legacy-proxy.js'

serveWith(createProxyServer)
