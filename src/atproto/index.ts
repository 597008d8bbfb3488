export type {
  AtprotoCallbackOptions,
  AtprotoClient,
  AtprotoClientOptions,
  AtprotoEvent,
  AtprotoKey,
  AtprotoLoginOptions,
  AtprotoSessions,
} from './atproto-client-types.ts'
export type {
  DidDocument,
  DidService,
  HandleStrategy,
  IdentityEvent,
  IdentityOptions,
  IdentityResolver,
  ResolvedIdentity,
  ResolveOptions,
  VerificationMethod,
} from './identity/identity-types.ts'
