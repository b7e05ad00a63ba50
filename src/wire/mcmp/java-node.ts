// Recognises Java nodes (WildFly, Tomcat) by the User-Agent of their messages. Used by the parser.

export const isJavaNode = (userAgent: string): boolean => userAgent.startsWith('ClusterListener/')
