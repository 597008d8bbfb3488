/**
 * What the operations of generated code name: the functions between typed input and wire, each to be had alone.
 * Our own client imports them from here, users' from `authentype/api`.
 */
export type { Api, ApiResult, Operation, RequestOptions, StatusIn, ValidationFailure } from '../api.ts'
export { authorizeClient, authorizeToken } from './authorize.ts'
export { discover, preferDiscovered } from './discover.ts'
export { fillPath } from './fill-path.ts'
export { fillStyledPath } from './fill-styled-path.ts'
export { followRedirects } from './follow-redirects.ts'
export { readOAuthBody, readOAuthError } from './oauth-errors.ts'
export { readContent } from './read-content.ts'
export { readAnyJson, readJson } from './read-json.ts'
export { readAnyTypedJson, readTypedContent, readTypedJson } from './read-typed.ts'
export { writeBody } from './write-body.ts'
export { writeForm, writeStyledForm } from './write-form.ts'
export { writeCookies, writeHeaders } from './write-headers.ts'
export { writeAny, writeJson } from './write-json.ts'
export { writeMultipart } from './write-multipart.ts'
export { writeQuery } from './write-query.ts'
export { writeRaw } from './write-raw.ts'
export { writeStyledQuery } from './write-styled-query.ts'
