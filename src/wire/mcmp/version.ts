// The texts of VERSION (mcmp.md 1.6, decision 41): the shape that clients and upstream's tests look for.

import { element, xmlDeclaration } from './xml.ts'

/** The protocol we speak; also the `Version` header of error replies. */
export const protocolVersion = '0.2.1'

/** Names the protocol's generation, not this program: clients branch on its major number. */
export const releaseName = 'mod_cluster/2.0.0.Final'

export const versionText: string = `release: ${releaseName}, protocol: ${protocolVersion}\n`

export const versionXml: string = `${xmlDeclaration}<version>${element('release', releaseName)}${element('protocol', protocolVersion)}</version>\n`
