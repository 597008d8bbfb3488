/** `authentype/resource`: protects an API. */
export { AccessError, type AccessErrorCode } from '../errors/access.ts'
export type { TokenCheck } from '../errors/protocol.ts'
export type { AccessTokenClaims } from '../protocol/access-token-claims.ts'
export { privateKeyJwt } from '../protocol/client-assertion.ts'
export { type ClientAuth, clientSecretBasic, clientSecretPost } from '../protocol/client-auth.ts'
export { protectedResourceMetadataUrl } from '../protocol/protected-resource-metadata.ts'
export type { TokenBinding } from '../protocol/sender-constraint.ts'
export type { AccessResult, GrantedToken, TokenPrincipal } from './access-result.ts'
export {
  type FastifyReplyLike,
  type FastifyRequestLike,
  type HonoContext,
  type MiddlewareOptions,
  type NodeMiddlewareOptions,
  protectExpress,
  protectFastify,
  protectHono,
  protectNode,
  type WithAccessToken,
} from './middleware.ts'
export type { NodeRequest, NodeResponse } from './node-request.ts'
export type {
  AccessNeeds,
  IntrospectionOptions,
  ProtectedResourceOptions,
  ProtectOptions,
  TrustedIssuer,
} from './options.ts'
export {
  createProtectedResource,
  type ProtectedResource,
  protectResource,
  type RequestHead,
  type ResourceRequest,
} from './protected-resource.ts'
