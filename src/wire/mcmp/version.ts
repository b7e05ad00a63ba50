// The texts of VERSION, in the form that clients and httpd's tests expect (mcmp.md 1.6, decision 41).

import { element, xmlDeclaration } from './xml.ts'

/** Version of the protocol; also the `Version` field of error replies. */
export const protocolVersion = '0.2.1'

/** Names the generation of the protocol, not Topspin's version: clients branch on its major number. */
export const releaseName = 'mod_cluster/2.0.0.Final'

export const versionText: string = `release: ${releaseName}, protocol: ${protocolVersion}\n`

export const versionXml: string = `${xmlDeclaration}<version>${element('release', releaseName)}${element('protocol', protocolVersion)}</version>\n`
