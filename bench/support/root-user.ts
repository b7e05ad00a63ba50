// nginx started by root would give its worker to another user, who cannot look into the temporary
// folder; this line of its configuration keeps it. Empty for everybody else.

export const rootUser: string = process.getuid?.() === 0 ? 'user root;\n' : ''
