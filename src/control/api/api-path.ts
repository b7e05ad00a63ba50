// Where the API is, for those who only have to recognise it.

export const apiPath = '/api/v1'

export const isApiPath = (path: string): boolean => path.startsWith(`${apiPath}/`)
