export { authenticateClient, type ClientEndpoint, type ClientOutcome, loadClient } from './authenticate-client.ts'
export type { Authorization } from './authorization.ts'
export {
  type AuthorizationDecision,
  type DecisionInput,
  decideAuthorization,
  type LoginSession,
} from './authorization-decision.ts'
export type { AuthorizationRequestData, PromptName, ResponseModeName, ResponseTarget } from './authorization-params.ts'
export { type AuthorizationRequestOutcome, validateAuthorizationRequest } from './authorization-request.ts'
export {
  type AuthorizationReply,
  type AuthorizationResult,
  buildAuthorizationResponse,
} from './authorization-response.ts'
export {
  type BackchannelNotification,
  decideBackchannelRequest,
  findBackchannelRequest,
  handleBackchannelAuthenticationRequest,
  type PendingBackchannelRequest,
} from './backchannel-authentication.ts'
export { claimsBeyondScope, selectClaims } from './claims-by-scope.ts'
export type { AuthenticatedClient, ClientAuthMethod, RegisteredClient, ReplayClaim } from './client.ts'
export type { EndpointOutcome } from './client-request.ts'
export { type ClientStore, createClientStore } from './client-store.ts'
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
export { type Consent, readConsent, saveConsent, withdrawConsent } from './consents.ts'
export { createTokenEndpointConfig } from './create-config.ts'
export {
  type DeviceAuthorizationOptions,
  decideDeviceGrant,
  findDeviceGrant,
  handleDeviceAuthorizationRequest,
  type PendingDeviceGrant,
} from './device-authorization.ts'
export { buildDiscoveryDocument, type DiscoveryOptions, type ServerEndpoints } from './discovery-document.ts'
export type { FetchDocument, FetchedDocument } from './documents.ts'
export { type EndSessionData, type EndSessionOutcome, validateEndSessionRequest } from './end-session.ts'
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
export { handleIntrospectionRequest, type IntrospectionAnswer } from './introspection.ts'
export {
  type AuthorizationCodeFault,
  type AuthorizationCodeInput,
  type AuthorizationCodeOutcome,
  issueAuthorizationCode,
} from './issue-authorization-code.ts'
export { issueToken, type TokenOutcome } from './issue-token.ts'
export { defaultLifetimes, type Lifetimes } from './lifetimes.ts'
export { buildLogoutNotices, type LogoutNotice, revokeLogin, revokeSubject } from './logout-notices.ts'
export type { DpopOptions, RefreshTokenOptions, TokenEndpointOptions } from './options.ts'
export type { RawParams } from './params.ts'
export type { GrantDecision } from './polled-grants.ts'
export { issuePreAuthorizedCode, type PreAuthorizedCodeInput } from './pre-authorized-codes.ts'
export { handlePushedAuthorizationRequest } from './pushed-authorization.ts'
export {
  type ClientManagementRequest,
  handleClientDeleteRequest,
  handleClientReadRequest,
  handleClientUpdateRequest,
  handleRegistrationRequest,
  type RegistrationOptions,
  type RegistrationRequest,
} from './registration.ts'
export type { ClientCertificate, EndpointRequest, TokenRequest } from './request.ts'
export { handleRevocationRequest } from './revocation.ts'
export { createServerKeys, type ServerKey, type ServerKeys, serverAlgorithms } from './server-keys.ts'
export { handleUserInfoRequest, type UserInfoAnswer, type UserInfoRequest } from './userinfo.ts'
