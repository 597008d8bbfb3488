export { authenticateClient, type ClientEndpoint, type ClientOutcome } from './authenticate-client.ts'
export type { Authorization } from './authorization.ts'
export type { AuthenticatedClient, ClientAuthMethod, RegisteredClient, ReplayClaim } from './client.ts'
export {
  type AssertionIssuer,
  type DpopSettings,
  type LoginHint,
  type LoginHintResult,
  type PolicyContext,
  type PrincipalClaims,
  type PrincipalKind,
  principalKinds,
  type TokenEndpointConfig,
  type TokenEndpointPolicies,
} from './config.ts'
export {
  createTokenEndpointConfig,
  type DpopOptions,
  type RefreshTokenOptions,
  type TokenEndpointOptions,
} from './create-config.ts'
export type { FetchDocument, FetchedDocument } from './documents.ts'
export {
  type EndpointError,
  type EndpointErrorCode,
  endpointErrorStatus,
  errorBody,
  noStore,
  type TokenErrorCode,
} from './errors.ts'
export {
  createEvent,
  type EventMetadata,
  type SenderConstraintKind,
  type ServerEvent,
  type ServerEventInput,
  type ServerEventName,
} from './events.ts'
export { defaultGrants, type SupportedGrant, supportedGrants } from './grant-types.ts'
export { handleTokenRequest } from './handle-token-request.ts'
export {
  type AuthorizationCodeFault,
  type AuthorizationCodeInput,
  type AuthorizationCodeOutcome,
  issueAuthorizationCode,
} from './issue-authorization-code.ts'
export { issueToken, type TokenOutcome } from './issue-token.ts'
export { defaultLifetimes, type Lifetimes } from './lifetimes.ts'
export type { RawParams } from './params.ts'
export type { ClientCertificate, EndpointRequest, TokenRequest } from './request.ts'
export { createServerKeys, type ServerKey, type ServerKeys, serverAlgorithms } from './server-keys.ts'
