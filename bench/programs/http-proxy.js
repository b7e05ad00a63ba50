// npm http-proxy as a balancer of three servers. Started by bench/sides/npm.ts.
import httpProxy from 'http-proxy'
import { serveWith } from './legacy-proxy.js'

serveWith(httpProxy.createProxyServer)
