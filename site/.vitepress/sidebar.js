// The pages in the order in which they are read. A page is named by its path in the repository, without `.md`. Pages of docs/
// that are in no list stand in a group of their own, so that none is out of reach.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {{ text: string, link: string }} Page */
/** @typedef {{ text: string, collapsed?: boolean, items: Page[] }} Group */

/** @type {Group[]} */
const groups = [
  {
    text: 'Start',
    items: [
      { text: 'Getting started', link: '/docs/getting-started' },
      { text: 'Installation', link: '/docs/install' },
      { text: 'Examples', link: '/examples/README' },
    ],
  },
  {
    text: 'Register servers',
    items: [
      { text: 'Agent', link: '/docs/agent' },
      { text: 'Peers', link: '/docs/peers' },
      { text: 'Fixed nodes', link: '/docs/fixed-nodes' },
      { text: 'WildFly and Tomcat', link: '/docs/wildfly-tomcat' },
      { text: 'Nodes from Kubernetes, Consul, Docker, DNS', link: '/docs/sources' },
      { text: 'Discovery', link: '/docs/discovery' },
      { text: 'Sessions', link: '/docs/sessions' },
    ],
  },
  {
    text: 'Deploys without errors',
    items: [
      { text: 'All platforms', link: '/docs/deploys' },
      { text: 'Express, Koa, Hono', link: '/docs/deploys#express-koa-hono' },
      { text: 'Fastify', link: '/docs/deploys#fastify' },
      { text: 'NestJS', link: '/docs/deploys#nestjs' },
      { text: 'Next.js', link: '/docs/deploys#nextjs' },
      { text: 'PM2', link: '/docs/deploys#pm2' },
      { text: 'Docker', link: '/docs/deploys#docker' },
      { text: 'Kubernetes', link: '/docs/deploys#kubernetes' },
      { text: 'systemd', link: '/docs/systemd' },
      {
        text: 'A balancer in front',
        link: '/docs/deploys#nginx-haproxy-or-a-cloud-balancer-in-front',
      },
      { text: 'Reload', link: '/docs/reload' },
      { text: 'Upgrade', link: '/docs/upgrading' },
    ],
  },
  {
    text: 'Traffic',
    items: [
      { text: 'Balancing', link: '/docs/balancing' },
      { text: 'Candidacy functions', link: '/docs/candidacy' },
      { text: 'Rules', link: '/docs/rules' },
      { text: 'TLS', link: '/docs/tls' },
      { text: 'Certificates by ACME', link: '/docs/acme' },
      { text: 'HTTP/2', link: '/docs/http2' },
      { text: 'gRPC', link: '/docs/grpc' },
      { text: 'AJP', link: '/docs/ajp' },
      { text: 'Sockets, PROXY protocol', link: '/docs/sockets' },
    ],
  },
  {
    text: 'Operate',
    items: [
      { text: 'Observability', link: '/docs/observability' },
      { text: 'Access log', link: '/docs/access-log' },
      { text: 'Tracing', link: '/docs/tracing' },
      { text: 'Web console', link: '/docs/console' },
      { text: 'Control listener, commands', link: '/docs/manager' },
      { text: 'Security', link: '/docs/security' },
      { text: 'Trust and promises', link: '/SECURITY' },
      { text: 'Performance', link: '/docs/performance' },
      { text: 'Scaling out', link: '/docs/scaling-out' },
      { text: 'In front of several proxies', link: '/docs/in-front' },
      { text: 'HAProxy as the proxy', link: '/docs/haproxy' },
      { text: 'Envoy as the proxy', link: '/docs/envoy' },
    ],
  },
  {
    text: 'Migrating from',
    collapsed: true,
    items: [
      { text: 'All', link: '/docs/migrating/README' },
      { text: 'mod_cluster on httpd', link: '/docs/migrating/from-mod_cluster' },
      { text: 'mod_jk', link: '/docs/migrating/from-mod_jk' },
      { text: 'HAProxy', link: '/docs/migrating/from-haproxy' },
      { text: 'nginx', link: '/docs/migrating/from-nginx' },
      { text: 'http-proxy-middleware', link: '/docs/migrating/from-http-proxy-middleware' },
      { text: 'PM2', link: '/docs/migrating/from-pm2' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Configuration', link: '/docs/configuration' },
      { text: 'Commands', link: '/docs/commands' },
      { text: 'JSON API', link: '/docs/json-api' },
      { text: 'Embedding', link: '/docs/embedding' },
      { text: 'API: topspin', link: '/docs/api/topspin' },
      { text: 'API: topspin/agent', link: '/docs/api/topspin-agent' },
      { text: 'API: topspin/handler', link: '/docs/api/topspin-handler' },
      { text: 'API: topspin/peer', link: '/docs/api/topspin-peer' },
      { text: 'API: topspin/mcmp', link: '/docs/api/topspin-mcmp' },
      { text: 'Control messages (MCMP)', link: '/docs/mcmp' },
      { text: 'Java nodes of mod_cluster', link: '/docs/mod-cluster-node' },
    ],
  },
  { text: 'Help', items: [{ text: 'Troubleshooting', link: '/docs/troubleshooting' }] },
  {
    text: 'Inside',
    collapsed: true,
    items: [
      { text: 'Architecture', link: '/ARCHITECTURE' },
      { text: 'Decisions', link: '/docs/decisions/README' },
      { text: 'Byte-level peers', link: '/docs/decisions/byte-level-peers' },
      { text: 'Control listener', link: '/docs/decisions/control-listener' },
      { text: 'Dependencies', link: '/docs/decisions/dependencies' },
      { text: 'Floors', link: '/docs/decisions/floors' },
      { text: 'One writer', link: '/docs/decisions/one-writer' },
      { text: 'Reads without streams', link: '/docs/decisions/onread' },
      { text: 'HTTP/1 of our own', link: '/docs/decisions/own-http1' },
      { text: 'Packages', link: '/docs/decisions/packages' },
      { text: 'Shared ports', link: '/docs/decisions/shared-port' },
      { text: 'Strict input', link: '/docs/decisions/strict-input' },
      { text: 'Tools', link: '/docs/decisions/tools' },
      { text: 'Two HTTP parsers', link: '/docs/decisions/two-http-parsers' },
      { text: 'Workers', link: '/docs/decisions/workers' },
      { text: 'Contributing', link: '/CONTRIBUTING' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
  },
]

const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const listed = new Set(groups.flatMap(({ items }) => items.map(({ link }) => link)))
const unlisted = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.md') && !listed.has(linkOf(name)))
  .map((name) => ({ text: titleOf(name), link: linkOf(name) }))

export const sidebar =
  unlisted.length === 0 ? groups : [...groups, { text: 'More', items: unlisted }]

/** @param {string} name of a file in docs/ */
function linkOf(name) {
  return `/docs/${name.replace(/\.md$/, '')}`
}

/** @param {string} name of a file in docs/ */
function titleOf(name) {
  return /^# (.*)$/m.exec(readFileSync(join(docs, name), 'utf8'))?.[1] ?? name
}
