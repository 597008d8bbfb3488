import type { Grant } from './grant.ts'
import type { SupportedGrant } from './grant-types.ts'
import { prepareAuthorizationCode } from './grants/authorization-code.ts'
import { prepareClientCredentials } from './grants/client-credentials.ts'
import { prepareRefreshToken } from './grants/refresh-token.ts'

/** Every grant by its type: a type without a grant does not compile. */
export const grantTable: Readonly<Partial<Record<SupportedGrant, Grant>>> = {
  authorization_code: prepareAuthorizationCode,
  refresh_token: prepareRefreshToken,
  client_credentials: prepareClientCredentials,
}
