import type { Grant } from './grant.ts'
import {
  cibaGrant,
  deviceCodeGrant,
  jwtBearerGrant,
  preAuthorizedCodeGrant,
  type SupportedGrant,
  tokenExchangeGrant,
} from './grant-types.ts'
import { prepareAuthorizationCode } from './grants/authorization-code.ts'
import { prepareCiba } from './grants/ciba.ts'
import { prepareClientCredentials } from './grants/client-credentials.ts'
import { prepareDeviceCode } from './grants/device-code.ts'
import { prepareJwtBearer } from './grants/jwt-bearer.ts'
import { preparePreAuthorizedCode } from './grants/pre-authorized-code.ts'
import { prepareRefreshToken } from './grants/refresh-token.ts'
import { prepareTokenExchange } from './grants/token-exchange.ts'

/** Every grant by its type: a type without a grant does not compile. */
export const grantTable: Readonly<Record<SupportedGrant, Grant>> = {
  authorization_code: prepareAuthorizationCode,
  refresh_token: prepareRefreshToken,
  client_credentials: prepareClientCredentials,
  [tokenExchangeGrant]: prepareTokenExchange,
  [deviceCodeGrant]: prepareDeviceCode,
  [jwtBearerGrant]: prepareJwtBearer,
  [cibaGrant]: prepareCiba,
  [preAuthorizedCodeGrant]: preparePreAuthorizedCode,
}
